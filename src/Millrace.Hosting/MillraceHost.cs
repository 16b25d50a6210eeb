using Millrace.Hosting;

namespace Millrace;

/// <summary>Makes a program of a job.</summary>
public static class MillraceHost
{
    /// <summary>
    /// Runs a job as its command line says, until its input has ended or it is stopped:
    /// <c>return await MillraceHost.RunAsync&lt;Revenue&gt;(args);</c>. Engine options and the job's own arguments share the command line;
    /// <c>--help</c> lists both. Progress and messages go to the standard error, so that the standard output is the job's own.
    /// </summary>
    /// <typeparam name="TJob">The job.</typeparam>
    /// <param name="args">The command line, without the program's name.</param>
    /// <param name="services">Handed to functions, sources and sinks when they are opened; null for none.</param>
    /// <param name="cancellationToken">Stops the job, as Ctrl-C does.</param>
    /// <returns>
    /// The exit code of the program, one of <see cref="ExitCodes"/>. Failures of the job are written to the standard error, not thrown.
    /// User code that does not return ends the process.
    /// </returns>
    public static Task<int> RunAsync<TJob>(string[] args, IServiceProvider? services = null, CancellationToken cancellationToken = default)
        where TJob : IJob =>
        RunAsync<TJob>(args, new HostOptions { Services = services }, cancellationToken);

    /// <summary>As the other overload, with more to choose.</summary>
    /// <typeparam name="TJob">The job.</typeparam>
    /// <param name="args">The command line, without the program's name.</param>
    /// <param name="options">What the host takes from its surroundings.</param>
    /// <param name="cancellationToken">Stops the job, as Ctrl-C does.</param>
    /// <returns>The exit code of the program, one of <see cref="ExitCodes"/>.</returns>
    public static Task<int> RunAsync<TJob>(string[] args, HostOptions options, CancellationToken cancellationToken = default)
        where TJob : IJob
    {
        ArgumentNullException.ThrowIfNull(args);
        ArgumentNullException.ThrowIfNull(options);
        JobDescription job = new(JobNames.Of(typeof(TJob)), TJob.Define);
        return new JobHost(job, HostProcess.Of(options), options.Services).RunAsync(args, cancellationToken);
    }
}
