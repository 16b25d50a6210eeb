namespace Millrace.Runtime.Tasks;

/// <summary>What asking a head for its next batch came to.</summary>
public enum PullResult
{
    /// <summary>A batch was published.</summary>
    Published,

    /// <summary>Nothing yet, but asking again may bring something.</summary>
    Again,

    /// <summary>Nothing; the task is notified when there may be.</summary>
    Dry,
}

/// <summary>Where a chain's batches come from: a source, or the channels of other tasks. Owned by the chain's task.</summary>
public abstract class Head : Cell
{
    /// <summary>Publishes the next batch. Called only when everything after it is used up.</summary>
    public abstract PullResult Pull();

    /// <summary>Whether the next thing it publishes, of what it need not read first, is a barrier that must not wait for room.</summary>
    public virtual bool HasBarrierDue => false;

    /// <summary>Whether it was not asked lately, because what follows is full.</summary>
    public bool IsHeldBack { get; set; }

    /// <summary>The barrier that the last batch published carries; null for none.</summary>
    public Barrier? Passed { get; protected set; }

    /// <summary>The barrier was seen to.</summary>
    public void ForgetPassed() => Passed = null;

    /// <inheritdoc/>
    public override bool HasWork => false;

    /// <inheritdoc/>
    public sealed override CellStep Step() => CellStep.NeedInput;
}
