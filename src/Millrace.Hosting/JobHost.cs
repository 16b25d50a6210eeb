using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.Runtime.Planning;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Hosting;

/// <summary>Does what a command line says: prints help or the plan, or runs the job. Used once.</summary>
internal sealed class JobHost(JobDescription job, HostProcess process, IServiceProvider? services)
{
    public async Task<int> RunAsync(string[] words, CancellationToken cancellationToken)
    {
        try
        {
            HostCommand command = HostCommandParser.Parse(words);
            if (command.IsHelp) return Help(command);
            if (command.Verb is HostVerb.SchemaWrite or HostVerb.SchemaCheck) return await SchemaAsync(Describe(command), command, cancellationToken).ConfigureAwait(false);
            if (command.Verb is not (HostVerb.Run or HostVerb.Plan)) return await AskAsync(command, cancellationToken).ConfigureAwait(false);
            JobGraph graph = Describe(command);
            if (command.Verb == HostVerb.Plan) return await PlanAsync(graph, command, cancellationToken).ConfigureAwait(false);
            if (command.Explain is { } format) return Explain(graph, command, format);
            return await new JobRun(process, command, services).RunAsync(graph, cancellationToken).ConfigureAwait(false);
        }
        catch (UsageException wrong)
        {
            foreach (string problem in wrong.Problems) await process.Error.WriteLineAsync($"{job.Name}: {problem}").ConfigureAwait(false);
        }
        catch (InvalidJobException invalid)
        {
            await process.Error.WriteLineAsync(invalid.Message).ConfigureAwait(false);
        }
        catch (JobDefinitionException broken)
        {
            await process.Error.WriteAsync(FailureText.Of($"job '{job.Name}' cannot be described", broken.InnerException!)).ConfigureAwait(false);
        }

        catch (Exception broken) when (broken is LedgerRefusedException or LedgerCorruptException or LedgerTooNewException or StoreUnavailableException)
        {
            await process.Error.WriteLineAsync($"{job.Name}: {broken.Message}").ConfigureAwait(false);
        }

        return ExitCodes.Refused;
    }

    /// <summary>Has the process that runs the job do what the verb says.</summary>
    /// <exception cref="UsageException">There are words that neither the verb nor the job knows.</exception>
    async Task<int> AskAsync(HostCommand command, CancellationToken cancellationToken)
    {
        // The job is described for its options alone, so only where there are any.
        if (command.JobWords.Count > 0 && UsageText.Foreign(command.Verb, command.JobWords, DescribeLeniently(command).Arguments.Asked).ToArray() is { Length: > 0 } problems)
            throw new UsageException(problems);
        JobStorage storage = await JobStorage.OpenAsync(command.Storage!, process.Time, cancellationToken).ConfigureAwait(false);
        await using (storage.ConfigureAwait(false))
        {
            JobVerbs verbs = new(storage.Store.Under(job.Name), job.Name, process.Time, storage.Command.Address.ToString());
            if (command.Verb == HostVerb.Status) return await verbs.StatusAsync(process.Output, process.Error, cancellationToken).ConfigureAwait(false);
            ControlRequest request = new()
            {
                Command = command.Verb.ToString().ToLowerInvariant(), Target = command.Target, IsDrain = command.IsDrain, IsSavepoint = command.IsCancelWithSavepoint,
            };
            return await verbs.RunAsync(request, process.Output, process.Error, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Says what a start would do; starts nothing.</summary>
    async Task<int> PlanAsync(JobGraph graph, HostCommand command, CancellationToken cancellationToken)
    {
        JobStorage storage = await JobStorage.OpenAsync(command.Storage!, process.Time, cancellationToken).ConfigureAwait(false);
        await using (storage.ConfigureAwait(false))
        {
            EmbeddedOptions options = new() { Parallelism = command.Parallelism, Threads = command.Threads, IsChaining = command.IsChaining, Time = process.Time };
            if (services is not null) options = options with { Services = services };
            DurableOptions durable = storage.Options() with { AskLender = new OtherLeader(process.Time).AskAsync, Tell = line => process.Error.WriteLine($"{job.Name}: {line}") };
            StartPlan plan = await StartPlan.ReadAsync(graph, options, durable, cancellationToken).ConfigureAwait(false);
            await process.Output.WriteAsync(StartPlanText.Of(job.Name, plan)).ConfigureAwait(false);
            return plan.CanStart ? ExitCodes.Finished : ExitCodes.Refused;
        }
    }

    /// <summary>Writes the lock of the schema, or compares the job with it.</summary>
    Task<int> SchemaAsync(JobGraph graph, HostCommand command, CancellationToken cancellationToken)
    {
        EmbeddedOptions options = new() { Parallelism = command.Parallelism, Time = process.Time };
        if (services is not null) options = options with { Services = services };
        SchemaVerbs verbs = new(job.Name, process, ProgramSchema.Of(graph, options));
        string file = command.Lock ?? SchemaVerbs.FileOf(job.Name);
        return command.Verb == HostVerb.SchemaWrite ? verbs.WriteAsync(file, cancellationToken) : verbs.CheckAsync(file, cancellationToken);
    }

    JobGraph Describe(HostCommand command)
    {
        Dataflow flow = new(job.Name);
        JobArguments arguments;
        try
        {
            arguments = new(command.JobWords);
            Define(flow, arguments);
        }
        catch (JobArgumentException wrong)
        {
            throw new UsageException(wrong.Message);
        }

        string[] problems = [.. UsageText.Unknown(arguments), .. UsageText.Taken(arguments)];
        return problems.Length == 0 ? flow.Build() : throw new UsageException(problems);
    }

    int Help(HostCommand command)
    {
        // Help is for those who do not know yet what to write: what is missing is part of the answer.
        (JobArguments arguments, string? problem) = DescribeLeniently(command);
        process.Output.Write(UsageText.Help(job.Name, arguments.Asked, problem));
        return ExitCodes.Finished;
    }

    /// <summary>Describes the job as far as it can be, to see which arguments it asks for.</summary>
    /// <returns>The arguments, and why the description did not come to its end; null when it did.</returns>
    (JobArguments Arguments, string? Problem) DescribeLeniently(HostCommand command)
    {
        JobArguments arguments = new();
        string? problem = null;
        try
        {
            arguments = new(command.JobWords);
        }
        catch (JobArgumentException wrong)
        {
            problem = wrong.Message;
        }

        try
        {
            Define(new Dataflow(job.Name), arguments);
        }
        catch (Exception failure) when (failure is JobArgumentException or JobDefinitionException)
        {
            problem ??= (failure.InnerException ?? failure).Message;
        }

        return (arguments, problem);
    }

    int Explain(JobGraph graph, HostCommand command, PlanFormat format)
    {
        PlanModel plan = Planner.Plan(graph, command.Parallelism, command.IsChaining);
        process.Output.Write(format == PlanFormat.Json ? PlanJson.Of(plan) + "\n" : PlanText.Of(plan));
        process.Output.Flush();
        return ExitCodes.Finished;
    }

    void Define(Dataflow flow, JobArguments arguments)
    {
        try
        {
            job.Define(flow, arguments);
        }
        catch (Exception failure) when (failure is not JobArgumentException)
        {
            // User code at the edge of the process: whatever it throws is told to the user as the job's own mistake.
            throw new JobDefinitionException(failure);
        }
    }

    /// <summary>The job's description threw.</summary>
    sealed class JobDefinitionException(Exception cause) : Exception(cause.Message, cause);
}
