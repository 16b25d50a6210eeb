using Millrace.State.Tables;

namespace Millrace.Tests.State.Tables;

public sealed class ReadyStockTests
{
    [Fact]
    public async Task TryTake_AfterTheFirstWasAskedFor_GivesWhatTheBackgroundMade()
    {
        using SemaphoreSlim made = new(0);
        int count = 0;
        ReadyStock<string> stock = new(3, () =>
        {
            made.Release();
            return $"item {Interlocked.Increment(ref count)}";
        });

        Assert.Null(stock.TryTake());
        for (int i = 0; i < 3; i++) await made.WaitAsync(TestContext.Current.CancellationToken);
        string first;
        while ((first = stock.TryTake()!) is null) await Task.Yield();

        Assert.Equal("item 1", first);
    }

    [Fact]
    public async Task TryTake_TakenAgainAndAgain_IsFilledUpToItsSizeEachTime()
    {
        using SemaphoreSlim made = new(0);
        ReadyStock<object> stock = new(2, () =>
        {
            made.Release();
            return new();
        });
        HashSet<object> taken = [];

        for (int round = 0; round < 10; round++)
        {
            object? item;
            while ((item = stock.TryTake()) is null) await Task.Yield();
            Assert.True(taken.Add(item), "nothing is handed out twice");
        }

        for (int i = 0; i < 10; i++) await made.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(10, taken.Count);
    }
}
