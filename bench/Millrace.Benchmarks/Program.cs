using Millrace.Benchmarks;
using Millrace.Benchmarks.Measuring;
using Millrace.Benchmarks.Workloads;

try
{
    BenchOptions options = BenchOptions.Parse(args);
    if (options.IsHelp) Console.WriteLine(BenchOptions.Usage);
    else if (options.IsSelfTest) SelfTest.Run(Console.Out);
    else if (options.IsList) Array.ForEach(Catalogue.Named(options.Only), static w => Console.WriteLine(w.Name));
    else if (options.Child is { } child) Measure(Catalogue.Named([child]).Single(), options);
    else return new Launcher(options).Run(Catalogue.Named(options.Only));
    return 0;
}
catch (OptionException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
catch (BenchmarkException e)
{
    Console.Error.WriteLine(e.Message);
    return 3;
}

static void Measure(Workload workload, BenchOptions options)
{
    WorkloadRun run = new(workload, options, Console.Out);
    (options.IsProfile ? workload.Profile ?? throw new OptionException($"{workload.Name} has no profile") : workload.Measure)(run);
}
