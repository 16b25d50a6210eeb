using Millrace.State;
using Millrace.State.Snapshots;
using Millrace.Tests.State.Tables;

namespace Millrace.Tests.State.Expiry;

/// <summary>What a snapshot has of state with a TTL, and what becomes of it under another one.</summary>
public sealed class ExpiryRestoreTests
{
    static readonly StateTtl s_ttl = StateTtl.EventTime(new(1_000));

    [Fact]
    public void Shortened_HoldsForWhatIsThere()
    {
        Written written = new(s_ttl, at: 1_000, cut: 1_500);
        Assert.Equal(["value 0 old", "value 1 new"], written.Restore(s_ttl).Dump(2).Where(IsValue));
        ExpiringInstance<Int32KeyOps> shorter = written.Restore(StateTtl.EventTime(new(500)));
        Assert.Equal(["value 1 new"], shorter.Dump(2).Where(IsValue));
        Assert.Equal(6, shorter.State.Expired);
        Assert.Equal(2, written.Restore(StateTtl.EventTime(new(501))).Dump(2).Count(IsValue));
    }

    [Fact]
    public void Lengthened_HoldsForWhatLived_AndWhatWasOverStaysOver()
    {
        Written written = new(s_ttl, at: 1_000, cut: 2_000);
        StateTtl longer = StateTtl.EventTime(new(5_000));
        ExpiringInstance<Int32KeyOps> restored = written.Restore(longer);
        Assert.Equal(["value 1 new"], restored.Dump(2).Where(IsValue));
        restored.AdvanceTo(1_500 + 4_999);
        Assert.Equal(6, restored.Dump(2).Count);
        restored.AdvanceTo(1_500 + 5_000);
        Assert.Empty(restored.Dump(2));
    }

    [Fact]
    public void Added_CountsFromTheRestore()
    {
        Written written = new(null, at: 1_000, cut: 1_500_000);
        ExpiringInstance<Int32KeyOps> restored = written.Restore(s_ttl);
        Assert.Equal(12, restored.Dump(2).Count);
        restored.AdvanceTo(1_500_000 + 999);
        Assert.Equal(12, restored.Dump(2).Count);
        restored.AdvanceTo(1_500_000 + 1_000);
        Assert.Empty(restored.Dump(2));
        Assert.Equal(12, restored.State.Expired);
    }

    [Fact]
    public void Removed_KeepsWhatLivedForGood()
    {
        Written written = new(s_ttl, at: 1_000, cut: 2_000);
        ExpiringInstance<Int32KeyOps> restored = written.Restore(null);
        restored.AdvanceTo(1_000_000);
        List<string> lines = restored.Dump(2);
        Assert.Equal(6, lines.Count);
        Assert.All(lines, static line => Assert.Contains(" 1 ", line));
        // What is added afterwards goes where it belongs, and into the next snapshot.
        restored.On(1);
        restored.List.Add(9);
        restored.Map.Set(9, 9);
        RunStore[] stores = [.. restored.Rows.Select(static _ => new RunStore())];
        restored.Take(stores, 1, 0, KeyRange.Full);
        ExpiringInstance<Int32KeyOps> again = new(null, TtlTime.EventTime, 0);
        for (int i = 0; i < stores.Length; i++) stores[i].Restore(1, KeyRange.Full, again.Rows[i], again.From(i, restored.Rows[i].Schema, 0));
        Assert.Equal(restored.Dump(2), again.Dump(2));
    }

    [Fact]
    public void OtherKindOfTime_CountsFromTheRestore()
    {
        Written written = new(s_ttl, at: 1_000, cut: 2_000);
        ExpiringInstance<Int32KeyOps> restored = new(StateTtl.ProcessingTime(new(100)), TtlTime.ProcessingTime, now: 70_000);
        written.RestoreInto(restored);
        Assert.Equal(["value 1 new"], restored.Dump(2).Where(IsValue));
        restored.AdvanceTo(70_099);
        Assert.Equal(6, restored.Dump(2).Count);
        restored.AdvanceTo(70_100);
        Assert.Empty(restored.Dump(2));
    }

    [Fact]
    public void OtherRefresh_HoldsFromTheRestoreOn()
    {
        Written written = new(s_ttl, at: 1_000, cut: 1_500);
        ExpiringInstance<Int32KeyOps> restored = written.Restore(s_ttl.RefreshedOnRead());
        restored.AdvanceTo(1_999);
        restored.On(0);
        Assert.True(restored.Value.TryGet(out _));
        restored.AdvanceTo(2_998);
        restored.On(0);
        Assert.True(restored.Value.TryGet(out _));
        restored.On(0);
        Assert.False(restored.Sum.TryGet(out _));
    }

    [Fact]
    public void InstanceThatWasAhead_HasItsRowsJudgedByItsOwnWatermark()
    {
        Written written = new(s_ttl, at: 1_000, cut: 1_500);
        KeyRange[] halves = [KeyRange.Of(0, 2), KeyRange.Of(1, 2)];
        int ahead = halves[0].Contains(KeyHash.Of(0)) ? 0 : 1;
        RestoredFrom from = new(
            written.Schemas[0], new(0), new(1_500), [new(halves[ahead], new(2_000)), new(halves[1 - ahead], new(1_500))]);
        ExpiringInstance<Int32KeyOps> restored = new(StateTtl.EventTime(new(9_000)), TtlTime.EventTime, 1_500);
        written.Stores[0].Restore(1, KeyRange.Full, restored.Rows[0], from);
        Assert.DoesNotContain("value 0 old", restored.Dump(2));
    }

    [Fact]
    public void Delta_HasAMarkForARowThatIsOver_BecauseAnEarlierRunHasIt()
    {
        const int keys = 20_000;
        ExpiringInstance<Int32KeyOps> instance = new(s_ttl, TtlTime.EventTime, 1_000);
        for (int key = 0; key < keys; key++)
        {
            instance.On(key);
            instance.Value.Set($"first {key}");
        }

        RunStore[] stores = [.. instance.Rows.Select(static _ => new RunStore())];
        instance.Take(stores, 1, 0, KeyRange.Full);
        instance.AdvanceTo(1_010);
        instance.On(7);
        instance.Value.Set("second 7");
        instance.AdvanceTo(1_005 + 1_000);      // All but the one are over, and none was removed.
        long before = stores[0].RowsWritten;
        instance.Take(stores, 2, 1, KeyRange.Full);
        Assert.Equal(1, stores[0].RowsWritten - before);
        instance.AdvanceTo(1_010 + 1_000);
        instance.Take(stores, 3, 1, KeyRange.Full);
        Assert.Contains(stores[0][3].SelectMany(static r => r.Rows), static r => r.IsDeleted);
        ExpiringInstance<Int32KeyOps> restored = new(StateTtl.EventTime(new(100_000)), TtlTime.EventTime, 2_010);
        stores[0].Restore(3, KeyRange.Full, restored.Rows[0], restored.From(0, instance.Rows[0].Schema, cut: 2_010));
        Assert.Empty(restored.Dump(keys));
        Assert.Equal(keys - 1, restored.State.Expired);
    }

    static bool IsValue(string line) => line.StartsWith("value", StringComparison.Ordinal);

    /// <summary>A snapshot of two keys: one written at a time, the other half a lifetime later.</summary>
    sealed class Written
    {
        readonly long _cut;

        public Written(StateTtl? ttl, long at, long cut)
        {
            _cut = cut;
            ExpiringInstance<Int32KeyOps> instance = new(ttl, TtlTime.EventTime, at);
            Fill(instance, 0, "old");
            instance.AdvanceTo(at + 500);
            Fill(instance, 1, "new");
            // Sweeps nothing, so that the runs have what is over, too.
            Stores = [.. instance.Rows.Select(static _ => new RunStore())];
            instance.Take(Stores, 1, 0, KeyRange.Full);
            Schemas = [.. instance.Rows.Select(static r => r.Schema)];
        }

        public RunStore[] Stores { get; }

        public StateSchema[] Schemas { get; }

        public ExpiringInstance<Int32KeyOps> Restore(StateTtl? ttl)
        {
            ExpiringInstance<Int32KeyOps> restored = new(ttl, TtlTime.EventTime, _cut);
            RestoreInto(restored);
            return restored;
        }

        public void RestoreInto(ExpiringInstance<Int32KeyOps> into)
        {
            for (int i = 0; i < Stores.Length; i++)
                Stores[i].Restore(1, KeyRange.Full, into.Rows[i], new(Schemas[i], new(_cut), new(_cut), [new(KeyRange.Full, new(_cut))]));
        }

        static void Fill(ExpiringInstance<Int32KeyOps> instance, int key, string text)
        {
            instance.On(key);
            instance.Value.Set(text);
            instance.Box.Set(new() { Number = key });
            instance.List.Add(key);
            instance.Map.Set(key, key);
            instance.Sum.Add(key);
            instance.All.Add(key);
        }
    }
}
