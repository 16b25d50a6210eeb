using System.Text;
using Millrace.Runtime.Planning;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;
using Millrace.Tests.State.Snapshots;

namespace Millrace.Tests.State.Expiry;

/// <summary>A TTL as it is declared, as manifests have it, and as a plan speaks of it.</summary>
public sealed class StateTtlTests
{
    static readonly StateTtl s_hour = StateTtl.EventTime(TimeSpan.FromHours(1));

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(long.MaxValue)]
    public void Lifetime_OutOfRange_IsRefusedWithTheRange(long ticks)
    {
        ArgumentOutOfRangeException refused = Assert.Throws<ArgumentOutOfRangeException>(() => StateTtl.ProcessingTime(new(ticks)));
        Assert.Contains("more than zero and at most 36,500 days", refused.Message, StringComparison.Ordinal);
        Assert.Equal(refused.ParamName, Assert.Throws<ArgumentOutOfRangeException>(() => StateTtl.EventTime(new(ticks))).ParamName);
    }

    [Fact]
    public void Ttl_InWords_SaysTimeAndRenewal()
    {
        Assert.Equal("01:00:00 of event time since the last write", $"{s_hour}");
        Assert.Equal("1.00:00:00 of processing time since the last read or write", $"{StateTtl.ProcessingTime(TimeSpan.FromDays(1)).RefreshedOnRead()}");
        Assert.Equal(s_hour.RefreshedOnRead(), StateTtl.EventTime(TimeSpan.FromHours(1)) with { Refresh = TtlRefresh.OnReadAndWrite });
        Assert.NotEqual(s_hour, StateTtl.ProcessingTime(TimeSpan.FromHours(1)));
    }

    [Fact]
    public void Manifest_OfStateWithATtl_IsTheOneWritten()
    {
        StateTtl[] all = [s_hour, s_hour.RefreshedOnRead(), StateTtl.ProcessingTime(new(1)), StateTtl.ProcessingTime(StateTtl.LifetimeMax).RefreshedOnRead()];
        foreach (StateTtl ttl in all)
        {
            SnapshotManifest manifest = WithTtl(ttl);
            byte[] json = ManifestJson.Write(manifest);
            SnapshotManifest back = ManifestJson.Read(json, "checkpoints/17-3.17/_metadata");
            Assert.Equivalent(manifest, back, strict: true);
            Assert.Equal(ttl, back.Operators[0].States[0].Schema.Ttl);
        }

        Assert.Contains("\"lifetime\": \"01:00:00\"", Encoding.UTF8.GetString(ManifestJson.Write(WithTtl(s_hour))), StringComparison.Ordinal);
        Assert.DoesNotContain("ttl", Encoding.UTF8.GetString(ManifestJson.Write(SnapshotSamples.Manifest())), StringComparison.Ordinal);
    }

    [Fact]
    public void SchemaDigest_TellsRowsWithStampsFromThoseWithout_AndNotHowLongTheyAreKept()
    {
        StateSchema schema = SnapshotSamples.Totals;
        Assert.NotEqual(SchemaDigest.Of(schema), SchemaDigest.Of(schema with { Ttl = s_hour }));
        Assert.Equal(SchemaDigest.Of(schema with { Ttl = StateTtl.ProcessingTime(new(5)) }), SchemaDigest.Of(schema with { Ttl = s_hour }));
    }

    [Theory]
    [InlineData(null, 60, "its first TTL, 01:00:00 of event time since the last write: for what is there it counts from the restore")]
    [InlineData(60, null, "its TTL, 01:00:00 of event time since the last write, is given up: what lived at the snapshot is kept for good")]
    [InlineData(60, 60, null)]
    [InlineData(null, null, null)]
    [InlineData(60, 30, "and is 00:30:00 of event time since the last write: holds for what is there, and what is over by it is left out")]
    [InlineData(60, 90, "and is 01:30:00 of event time since the last write: holds for what is there, but what was over at the snapshot stays over")]
    public void Plan_OfAChangedTtl_SaysWhatBecomesOfWhatIsThere(int? was, int? now, string? expected)
    {
        Check(was is { } w ? StateTtl.EventTime(TimeSpan.FromMinutes(w)) : null, now is { } n ? StateTtl.EventTime(TimeSpan.FromMinutes(n)) : null, expected);
    }

    [Fact]
    public void Plan_OfAnotherKindOfTimeOrRenewal_SaysWhatBecomesOfWhatIsThere()
    {
        Check(s_hour, StateTtl.ProcessingTime(TimeSpan.FromHours(1)), "times of one kind say nothing in the other, so for what is there it counts from the restore");
        Check(s_hour, s_hour.RefreshedOnRead(), "and is 01:00:00 of event time since the last read or write: holds from the restore on");
    }

    [Fact]
    public void RowStamps_OfEachKind_AreSplitFromTheValue()
    {
        StateSchema value = new() { Name = "value", Layout = StateLayout.Keyed, Kind = "value", Key = Codec.OfKey<int>().Schema, Value = Codec.Of<string>().Schema, Ttl = s_hour };
        byte[] text = Codec.Of<string>().Encode("abc");
        byte[] row = [.. text, .. BitConverter.GetBytes(77L)];
        Assert.Equal(text, RowStamps.ValueOf(value, row).ToArray());
        Assert.Equal([new(77)], RowStamps.Of(value, row));
        Assert.Equal(row, RowStamps.ValueOf(value with { Ttl = null }, row).ToArray());
        Assert.Throws<CorruptDataException>(() => RowStamps.Of(value, [1, 2, 3]));
        StateSchema list = value with { Kind = "list", Value = Codec.Of<List<int>>().Schema };
        byte[] elements = Codec.Of<List<int>>().Encode([5, 6]);
        byte[] chunk = [.. elements, .. BitConverter.GetBytes(1L), .. BitConverter.GetBytes(2L)];
        Assert.Equal(elements, RowStamps.ValueOf(list, chunk).ToArray());
        Assert.Equal([new(1), new(2)], RowStamps.Of(list, chunk));
    }

    [Fact]
    public void EventTime_WithoutTimestamps_IsRefusedWhenTheJobIsPlanned()
    {
        Dataflow flow = new("job");
        flow.Source("numbers", CollectionSource.Of(new[] { 1, 2 })).KeyBy(static n => n)
            .Process("keep", static state => new Keeping(state.Value<int>("value", s_hour))).Sink("out", DiscardSink.Of<int>());
        InvalidJobException refused = Assert.Throws<InvalidJobException>(() => Planner.Plan(flow.Build(), parallelism: 1));
        Assert.Contains("the TTL of its state needs event time, but records of 'numbers' reach it without timestamps", refused.Message, StringComparison.Ordinal);
    }

    static void Check(StateTtl? was, StateTtl? now, string? expected)
    {
        SnapshotManifest manifest = WithTtl(was);
        OperatorEntry op = manifest.Operators[0];
        StateSchema schema = op.States[0].Schema;
        UpgradeLine line = UpgradePlan.Compare([op with { States = [op.States[0]] }], [new(op.Id, op.Verb, [schema with { Ttl = now }])], [], [], [])[0];
        Assert.False(line.IsRefused);
        if (expected is null) Assert.DoesNotContain("TTL", line.Why, StringComparison.Ordinal);
        else Assert.Contains(expected, line.Why, StringComparison.Ordinal);
    }

    static SnapshotManifest WithTtl(StateTtl? ttl)
    {
        SnapshotManifest manifest = SnapshotSamples.Manifest();
        OperatorEntry op = manifest.Operators[0];
        StateEntry state = op.States[0] with { Schema = op.States[0].Schema with { Ttl = ttl } };
        return manifest with { Operators = [op with { States = [state, .. op.States.Skip(1)] }, .. manifest.Operators.Skip(1)] };
    }

    sealed class Keeping(ValueState<int> value) : IKeyedProcess<int, int, int>
    {
        public void OnRecord(in Record<int> record, Output<int> output) => value.Set(record.Value);
    }
}
