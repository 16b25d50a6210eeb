namespace Millrace.Tests.Runtime.Operators;

/// <summary>At which tick state with a TTL is over, in both kinds of time, for every kind of state and both ways of renewal.</summary>
public sealed class KeyedProcessTtlTests
{
    const long Lifetime = 1_000;

    public static TheoryData<string, TtlTime, TtlRefresh> Cases()
    {
        TheoryData<string, TtlTime, TtlRefresh> cases = [];
        foreach (string kind in new[] { "value", "list", "map", "sum", "count" })
        {
            foreach (TtlTime time in Enum.GetValues<TtlTime>())
            {
                foreach (TtlRefresh refresh in Enum.GetValues<TtlRefresh>()) cases.Add(kind, time, refresh);
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Value_OfAnyKind_IsOverAtTheTickOfItsLastWritePlusTheLifetime(string kind, TtlTime time, TtlRefresh refresh)
    {
        Kept kept = new(Ttl(time) with { Refresh = refresh });
        kept.AdvanceTo(5_000);
        Assert.False(kept.Read(1, kind));
        kept.Write(1, kind);
        kept.AdvanceTo(5_000 + Lifetime - 1);
        kept.Write(2, kind);
        kept.AdvanceTo(5_000 + Lifetime);
        Assert.False(kept.Read(1, kind));
        Assert.True(kept.Read(2, kind));
        Assert.Equal(1, kept.Expired);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Read_BeforeTheEnd_RenewsWhereReadsDo(string kind, TtlTime time, TtlRefresh refresh)
    {
        Kept kept = new(Ttl(time) with { Refresh = refresh });
        kept.AdvanceTo(5_000);
        kept.Write(1, kind);
        kept.AdvanceTo(5_000 + Lifetime - 1);
        Assert.True(kept.Read(1, kind));
        kept.AdvanceTo(5_000 + Lifetime);
        Assert.Equal(refresh == TtlRefresh.OnReadAndWrite, kept.Read(1, kind));
        kept.AdvanceTo(5_000 + (3 * Lifetime));
        Assert.False(kept.Read(1, kind));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Write_BeforeTheEnd_Renews(string kind, TtlTime time, TtlRefresh refresh)
    {
        Kept kept = new(Ttl(time) with { Refresh = refresh });
        kept.AdvanceTo(5_000);
        kept.Write(1, kind);
        kept.AdvanceTo(5_000 + Lifetime - 1);
        kept.Write(1, kind);
        kept.AdvanceTo(5_000 + (2 * Lifetime) - 2);
        Assert.True(kept.Read(1, kind));
        if (refresh == TtlRefresh.OnReadAndWrite) return;
        kept.AdvanceTo(5_000 + (2 * Lifetime) - 1);
        Assert.False(kept.Read(1, kind));
    }

    [Theory]
    [InlineData(TtlTime.EventTime)]
    [InlineData(TtlTime.ProcessingTime)]
    public void ListsAndMaps_AreOverElementByElement(TtlTime time)
    {
        Kept kept = new(Ttl(time));
        for (int i = 0; i < 600; i++)
        {
            kept.AdvanceTo(i * 10);
            kept.Do(1, p =>
            {
                p.List.Add(i);
                p.Map.Set(i, i);
                int first = Math.Max(0, i - 99);
                Assert.Equal(Enumerable.Range(first, i - first + 1), p.List.ToArray());
                Assert.Equal(Enumerable.Range(first, i - first + 1), p.Map.ToArray().Select(static e => e.Key));
                Assert.Equal((p.List.Count, p.Map.Count), (i - first + 1, i - first + 1));
                Assert.Equal((first, i), (p.List[0], p.List[^1]));
                Assert.Throws<ArgumentOutOfRangeException>(() => p.List[i - first + 1]);
            });
        }

        Assert.Equal(1_000, kept.Expired);
    }

    [Fact]
    public void Sum_AddedToAfterTheEnd_BeginsAnew()
    {
        Kept kept = new(Ttl(TtlTime.ProcessingTime));
        kept.AdvanceTo(1);
        kept.Do(1, static p => p.Sum.Add(40));
        kept.AdvanceTo(500);
        kept.Do(1, static p => p.Sum.Add(2));
        kept.Do(1, static p => Assert.True(p.Sum.TryGet(out int sum) && sum == 42));
        kept.AdvanceTo(500 + Lifetime);
        kept.Do(1, static p => p.Sum.Add(3));
        kept.Do(1, static p => Assert.True(p.Sum.TryGet(out int sum) && sum == 3));
        Assert.Equal(1, kept.Expired);
    }

    [Fact]
    public void EventTime_StampsWithTheRecordOrTheWatermark_WhicheverIsLater()
    {
        Kept kept = new(Ttl(TtlTime.EventTime));
        kept.AdvanceTo(5_000);
        kept.Do(1, static p => p.Value.Set(1), at: 5_400);      // Ahead of the watermark.
        kept.Do(2, static p => p.Value.Set(1), at: 100);        // Late.
        kept.Do(1, static p => p.Value.Set(2), at: 5_100);      // What was granted is not taken away.
        kept.AdvanceTo(5_000 + Lifetime - 1);
        Assert.True(kept.Read(2, "value"));
        kept.AdvanceTo(5_000 + Lifetime);
        Assert.False(kept.Read(2, "value"));
        kept.AdvanceTo(5_400 + Lifetime - 1);
        Assert.True(kept.Read(1, "value"));
        kept.AdvanceTo(5_400 + Lifetime);
        Assert.False(kept.Read(1, "value"));
    }

    [Fact]
    public void EventTime_BeforeTheFirstWatermark_EndsNothing()
    {
        Kept kept = new(Ttl(TtlTime.EventTime));
        kept.Do(1, static p => p.Value.Set(1), at: 10);
        kept.Do(1, static p => p.Value.Set(2), at: 100_000);
        Assert.True(kept.Read(1, "value"));
        // Without a timestamp it counts from the first watermark there is.
        kept.Do(2, static p => { p.Value.Set(1); p.List.Add(1); p.Map.Set(1, 1); }, at: null);
        kept.AdvanceTo(50_000);
        Assert.True(kept.Read(2, "value") && kept.Read(2, "list") && kept.Read(2, "map"));
        kept.AdvanceTo(50_000 + Lifetime - 1);
        Assert.True(kept.Read(2, "value") && kept.Read(2, "list") && kept.Read(2, "map"));
        kept.AdvanceTo(50_000 + Lifetime);
        Assert.False(kept.Read(2, "value") || kept.Read(2, "list") || kept.Read(2, "map"));
    }

    [Fact]
    public void EventTimers_OfOneAdvance_SeeStateAsOfTheirDeadlines()
    {
        Kept kept = new(Ttl(TtlTime.EventTime));
        kept.AdvanceTo(5_000);
        kept.Do(1, static p =>
        {
            p.Value.Set(7);
            p.Timers.Add(new(5_000 + Lifetime - 1));
            p.Timers.Add(new(5_000 + Lifetime));
            p.Timers.Add(new(9_000));
        });
        kept.AdvanceTo(50_000);
        Assert.Equal(["5999: 7", "6000: -1", "9000: -1"], kept.Outputs);
    }

    [Fact]
    public void EventTime_AtTheEndOfInput_EndsNothing()
    {
        Kept kept = new(Ttl(TtlTime.EventTime));
        kept.AdvanceTo(5_000);
        kept.Do(1, static p =>
        {
            p.Value.Set(7);
            p.Timers.Add(Timestamp.MaxValue);
        });
        kept.End();
        Assert.Equal([$"{long.MaxValue}: 7"], kept.Outputs);
        Assert.Equal(0, kept.Expired);
    }

    [Fact]
    public void ProcessingTime_WithoutInput_IsSweptByTheClock()
    {
        Kept kept = new(Ttl(TtlTime.ProcessingTime));
        kept.AdvanceTo(1);
        for (int key = 0; key < 10_000; key++) kept.Write(key, "value");
        kept.AdvanceTo(1 + Lifetime);
        kept.AdvanceTo(2 + Lifetime);
        Assert.Equal(10_000, kept.Expired);
        Assert.Equal(Timestamp.MaxValue, kept.NextProcessingTime);
    }

    [Fact]
    public void EventTime_SweepOfManyRows_GoesOnInShortSteps()
    {
        Kept kept = new(Ttl(TtlTime.EventTime));
        kept.AdvanceTo(1);
        for (int key = 0; key < 10_000; key++) kept.Write(key, "value");
        Assert.Equal(Timestamp.MaxValue, kept.NextProcessingTime);
        kept.Watermark(1 + Lifetime);
        Assert.InRange(kept.Expired, 0, 1_024);
        Assert.Equal(Timestamp.MinValue, kept.NextProcessingTime);
        int steps = 0;
        for (long before = kept.Expired; kept.NextProcessingTime == Timestamp.MinValue; steps++)
        {
            kept.Clock(5_000);
            Assert.InRange(kept.Expired - before, 0, 1_024);
            before = kept.Expired;
        }

        Assert.Equal(10_000, kept.Expired);
        Assert.InRange(steps, 10, 40);
    }

    static StateTtl Ttl(TtlTime time) => time == TtlTime.EventTime ? StateTtl.EventTime(new(Lifetime)) : StateTtl.ProcessingTime(new(Lifetime));

    /// <summary>A function with state that is kept for a time, and that time.</summary>
    sealed class Kept(StateTtl ttl)
    {
        readonly KeyedProcessDriver<int, Keep, string> _driver = new(static r => r.Key, scope => new KeptProcess(scope, ttl)) { Now = new(0) };
        long _now;

        public IEnumerable<string> Outputs => _driver.Outputs.Select(static o => o.Value);

        public long Expired => _driver.Operator.Counts.Single(static c => c.Name == "stateExpired").Count;

        public Timestamp NextProcessingTime => _driver.Operator.NextProcessingTime;

        public void AdvanceTo(long now)
        {
            _now = now;
            if (ttl.Time == TtlTime.EventTime) Watermark(now);
            else for (Clock(now); NextProcessingTime == Timestamp.MinValue;) Clock(now);
        }

        public void Watermark(long watermark) => _driver.Watermark(new(watermark));

        public void Clock(long now) => _driver.Clock(new(now));

        public void Write(int key, string kind) => Do(key, p => KeptProcess.Write(p, kind));

        public bool Read(int key, string kind)
        {
            bool has = false;
            Do(key, p => has = KeptProcess.Read(p, kind));
            return has;
        }

        public void Do(int key, Action<KeptProcess> act) => Do(key, act, _now);

        public void Do(int key, Action<KeptProcess> act, long? at) => _driver.Send((new Keep(key, act), at is { } time ? new(time) : Timestamp.None));

        public void End() => _driver.End();
    }
}
