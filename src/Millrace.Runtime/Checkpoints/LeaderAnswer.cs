namespace Millrace.Runtime.Checkpoints;

/// <summary>What came of asking the process that leads another job. A closed set; immutable.</summary>
public abstract record LeaderAnswer
{
    LeaderAnswer() { }

    /// <summary>Whether it is known to live.</summary>
    public bool IsAlive => this is Done or Refused;

    /// <summary>It did what it was asked for, or lives, when it was asked for nothing.</summary>
    /// <param name="Text">A sentence of its own.</param>
    public sealed record Done(string Text) : LeaderAnswer;

    /// <summary>It lives, and did not.</summary>
    /// <param name="Why">A sentence.</param>
    public sealed record Refused(string Why) : LeaderAnswer;

    /// <summary>There is no such process any more: nobody leads the job.</summary>
    public sealed record Gone : LeaderAnswer;

    /// <summary>It cannot be asked from here, or does not answer. Whether it lives, and what it did, is not known.</summary>
    /// <param name="Why">A sentence.</param>
    public sealed record Silent(string Why) : LeaderAnswer;
}
