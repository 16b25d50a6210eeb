using System;
using System.Threading;
using System.Threading.Tasks;

public static class Outside
{
    public static Thread Own() => new(() => { }); // planted
    public static object Scheduler() => TaskScheduler.Default; // planted
    public static object Connect() => new System.Net.Sockets.TcpClient(); // planted
    public static object Request() => new System.Net.Http.HttpClient(); // planted

    public static ValueTask Wait(CancellationToken token) => token.IsCancellationRequested ? ValueTask.FromCanceled(token) : default;
}
