using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;

public static class AmbientEverything
{
    public static DateTime Now() => DateTime.Now; // planted
    public static DateTime UtcNow() => DateTime.UtcNow; // planted
    public static DateTime Today() => DateTime.Today; // planted
    public static DateTimeOffset Offset() => DateTimeOffset.UtcNow; // planted
    public static long Ticks() => Environment.TickCount64; // planted
    public static long Watch() => System.Diagnostics.Stopwatch.GetTimestamp(); // planted
    public static void Sleep() => Thread.Sleep(1); // planted
    public static Task Delay(CancellationToken token) => Task.Delay(TimeSpan.FromSeconds(1), token); // planted
    public static Task<int> Wait(Task<int> task) => task.WaitAsync(TimeSpan.FromSeconds(1)); // planted
    public static object Cancel() => new CancellationTokenSource(TimeSpan.FromSeconds(1)); // planted
    public static object Periodic() => new PeriodicTimer(TimeSpan.FromSeconds(1)); // planted
    public static Guid Id() => Guid.NewGuid(); // planted
    public static int Shared() => Random.Shared.Next(); // planted
    public static Random Unseeded() => new(); // planted
    public static Task Run() => Task.Run(() => { }); // planted
    public static Task<int> RunAsync() => Task.Run(async () => { await Task.Yield(); return 1; }); // planted
    public static Func<Action, Task> Group() => Task.Run; // planted
    public static Task Start() => Task.Factory.StartNew(() => { }); // planted
    public static void Parallelise() => Parallel.For(0, 10, _ => { }); // planted
    public static void Queue() => ThreadPool.QueueUserWorkItem(_ => { }); // planted
    public static byte[] ReadFile() => File.ReadAllBytes("a"); // planted
    public static object OpenFile() => new FileStream("a", FileMode.Open); // planted
    public static object OpenReader() => new StreamReader("a"); // planted
    public static bool Folder() => Directory.Exists("a"); // planted
    public static void Print() => Console.WriteLine(); // planted

    public static DateTimeOffset InjectedNow(TimeProvider time) => time.GetUtcNow();
    public static Task InjectedDelay(TimeProvider time, CancellationToken token) => Task.Delay(TimeSpan.FromSeconds(1), time, token);
    public static object InjectedCancel(TimeProvider time) => new CancellationTokenSource(TimeSpan.FromSeconds(1), time);
    public static Random Seeded(int seed) => new(seed);
    public static Thread OwnThread() => new(() => { });
    public static object Reader(Stream stream) => new StreamReader(stream);
    public static string Combined() => Path.Combine("a", "b");
    public static int Hash(object key) => HashCode.Combine(key.GetHashCode());
}
