namespace Millrace.Tests.Connectors;

public sealed class MemorySinkTests
{
    [Fact]
    public async Task Collection_FromSeveralInstances_HasAllRecords()
    {
        CollectionSink<int> sink = new();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(i => Task.Run(() => sink.WriteAsync(Enumerable.Range(i * 1000, 1000), 10))));

        Assert.Equal(Enumerable.Range(0, 4000), sink.Items.Order());
        Assert.Equal(4000, sink.Count);
    }

    [Fact]
    public async Task Discard_Counts()
    {
        DiscardSink<int> sink = DiscardSink.Of<int>();
        await sink.WriteAsync(Enumerable.Range(0, 250));
        Assert.Equal(250, sink.Count);
    }

    [Fact]
    public async Task Callback_SeesEveryRecordInOrder()
    {
        List<int> seen = [];
        await CallbackSink.Of<int>(seen.Add).WriteAsync(Enumerable.Range(0, 250));
        Assert.Equal(Enumerable.Range(0, 250), seen);
    }

    [Fact]
    public void Callback_AsyncLambda_IsRefused()
    {
        ArgumentException e = Assert.Throws<ArgumentException>(() => CallbackSink.Of<int>(async static _ => await Task.Yield()));
        Assert.Contains("OfAsync", e.Message);
    }

    [Fact]
    public async Task CallbackAsync_HoldsTheStreamBack()
    {
        TaskCompletionSource gate = new();
        List<int> seen = [];
        ISink<int> sink = CallbackSink.OfAsync<int>(async (value, _) =>
        {
            if (value == 1) await gate.Task;
            seen.Add(value);
        });
        await using ISinkWriter<int> writer = await sink.OpenAsync(SourceReads.Context(), default);

        Assert.Equal(2, SourceReads.Offer<int>(writer, [0, 1, 2, 3]));
        Assert.Equal(0, SourceReads.Offer<int>(writer, [2, 3]));
        ValueTask wait = writer.WaitAsync(default);
        Assert.False(wait.IsCompleted);
        gate.SetResult();
        await wait.AsTask().WaitAsync(SourceReads.Patience, TimeProvider.System);
        Assert.Equal(2, SourceReads.Offer<int>(writer, [2, 3]));
        await writer.CompleteAsync(default);
        Assert.Equal([0, 1, 2, 3], seen);
    }

    [Fact]
    public async Task CallbackAsync_ThatThrows_FailsTheWriter()
    {
        ISink<int> sink = CallbackSink.OfAsync<int>(static async (_, _) =>
        {
            await Task.Yield();
            throw new TimeoutException("gone");
        });
        await Assert.ThrowsAsync<TimeoutException>(() => sink.WriteAsync([1]));
    }
}
