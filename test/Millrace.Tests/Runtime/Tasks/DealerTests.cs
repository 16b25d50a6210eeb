using Millrace.Runtime.Exchange;
using Millrace.Runtime.Tasks;
using Millrace.State;

namespace Millrace.Tests.Runtime.Tasks;

public sealed class DealerTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void TurnDealer_ChannelsFullNowAndThen_DealsEveryRecordOnceInOrder(int channels)
    {
        List<(int Value, Timestamp At)>[] received = Deal(new TurnDealer<int>(1), channels);

        Assert.Equal(Enumerable.Range(0, Total), received.SelectMany(static r => r).Select(static r => r.Value).Order());
        Assert.All(received, static r => Assert.Equal(r.Order(), r));
        Assert.All(received, r => Assert.InRange(r.Count, Total / channels * 0.8, Total / channels * 1.2 + 1));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void CopyDealer_ChannelsFullNowAndThen_GivesEveryChannelEveryRecordInOrder(int channels) =>
        Assert.All(Deal(new CopyDealer<int>(), channels), static r => Assert.Equal(Enumerable.Range(0, Total), r.Select(static v => v.Value)));

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(7)]
    public void KeyDealer_ChannelsFullNowAndThen_DealsEveryRecordOnceToTheOwnerOfItsKey(int channels)
    {
        List<(int Value, Timestamp At)>[] received = Deal(KeyTypes.Of<int>().Accept(new KeyDealerOf()), channels);

        Assert.Equal(Enumerable.Range(0, Total), received.SelectMany(static r => r).Select(static r => r.Value).Order());
        Assert.All(received, static r => Assert.Equal(r.Order(), r));
        int[] owners = [.. Enumerable.Range(0, 10).Select(key => Array.FindIndex(received, r => r.Any(v => v.Value % 10 == key)))];
        Assert.All(Enumerable.Range(0, 10), key => Assert.Single(received, r => r.Any(v => v.Value % 10 == key)));
        Assert.All(owners, owner => Assert.InRange(owner, 0, channels - 1));
    }

    const int Total = 5_000;

    /// <summary>Deals in batches of random size while consumers take what they like.</summary>
    static List<(int Value, Timestamp At)>[] Deal(IDealer<int> dealer, int channels)
    {
        Random random = new(channels);
        Channel<int>[] lines = [.. Enumerable.Range(0, channels).Select(static _ => new Channel<int>(16, hasTimestamps: true))];
        Nobody nobody = new();
        ChannelFan<int> fan = new(lines, nobody);
        foreach (Channel<int> line in lines) line.BindConsumer(nobody, 0);
        List<(int, Timestamp)>[] received = [.. lines.Select(static _ => new List<(int, Timestamp)>())];
        for (int sent = 0; sent < Total;)
        {
            Batch<int> batch = new(100, hasTimestamps: true);
            for (; batch.Count < random.Next(1, 100) && sent < Total; sent++, batch.Count++) (batch.Values[batch.Count], batch.Timestamps[batch.Count]) = (sent, new(sent));
            for (int position = 0; !dealer.TryDeal(batch, ref position, fan);) Receive(lines, received, random);
        }

        fan.Flush();
        Receive(lines, received, null);
        Assert.All(received.SelectMany(static r => r), static r => Assert.Equal(r.Item1, r.Item2.Ticks));
        return received;
    }

    static void Receive(Channel<int>[] lines, List<(int, Timestamp)>[] received, Random? random)
    {
        for (int i = 0; i < lines.Length; i++)
        {
            while ((random is null || random.Next(2) == 0) && lines[i].TryReceive(out Batch<int>? batch))
            {
                for (int at = 0; at < batch.Count; at++) received[i].Add((batch.Values[at], batch.Timestamps[at]));
                lines[i].Return(batch);
            }
        }
    }

    sealed class KeyDealerOf : IKeyOpsVisitor<int, IDealer<int>>
    {
        public IDealer<int> Visit<TOps>() where TOps : struct, IKeyOps<int> => new KeyDealer<int, int, TOps>(static v => v % 10);
    }

    sealed class Nobody : INotifiable, IReadySet
    {
        public void Notify() { }

        public void MarkReady(int index) { }
    }
}
