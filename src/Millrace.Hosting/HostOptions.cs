namespace Millrace;

/// <summary>What <see cref="MillraceHost"/> takes from its surroundings.</summary>
public sealed record HostOptions
{
    /// <value>Handed to functions, sources and sinks when they are opened. The default is none.</value>
    public IServiceProvider? Services { get; init; }

    /// <value>Where help and plans go. The default is the standard output. Console sinks write to the standard output in any case.</value>
    public TextWriter? Output { get; init; }

    /// <value>Where progress, warnings, failures and the summary go. The default is the standard error.</value>
    public TextWriter? Error { get; init; }

    /// <value>The clock of the job. The default is that of the machine.</value>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
