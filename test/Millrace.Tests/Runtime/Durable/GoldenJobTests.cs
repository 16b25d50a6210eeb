using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.Runtime.Exchange;
using Millrace.Runtime.Tasks;
using Millrace.State;
using Millrace.State.Snapshots;
using Millrace.Testing.Stores;
using Millrace.Tests.State.Snapshots;
using static Millrace.Tests.Runtime.Durable.EvolvingJob;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>
/// Savepoints of <see cref="EvolvingJob"/> as earlier builds left them in <c>test/golden/&lt;version&gt;/job</c>, with state of every kind, and records on their way in
/// <c>in-flight</c>: every later build goes on with them. They are never written again; <c>MILLRACE_WRITE_GOLDEN=1</c> writes those that are not there.
/// </summary>
public sealed class GoldenJobTests
{
    const int Records = 300, Until = 150;

    static readonly CancellationToken s_never = CancellationToken.None;

    [Fact]
    public async Task Start_FromEveryGoldenSavepoint_GoesOnWithItsState()
    {
        foreach (string folder in await GoldenFiles.FoldersAsync(FormatVersion.Pack, "job", WriteAsync))
        {
            MemoryObjectStore store = new(TimeProvider.System);
            await GoldenFiles.LoadAsync(folder, "golden/", (key, bytes) => store.PutAsync(key, bytes, s_never));
            ModelTable table = new();
            DurableJob job = StoredJob.Start(store, FlowAfter(new(Records, -1), table), 3, new StartFrom.Address("memory://golden"));
            Assert.Equal(JobEnding.Finished, (await job.Completion).Ending);
            Assert.Equal(Answer(Records), table.Visible.Where(static l => !l.StartsWith("split", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
            Assert.Equal(Records, table.Visible.Count(static l => l.StartsWith("split", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public async Task Restore_OfEveryGoldenRecordOnItsWay_GivesIt()
    {
        foreach (string folder in await GoldenFiles.FoldersAsync(FormatVersion.Pack, "in-flight", WriteInFlightAsync))
        {
            MemoryStore store = new();
            await GoldenFiles.LoadAsync(folder, "in-flight/", (key, bytes) => store.PutAsync(key, bytes, s_never));
            SnapshotReader snapshot = await SnapshotReader.OpenAsync(store, "in-flight/_metadata", null, s_never);
            InFlightRecords<After.Sale> records = new(static s => (uint)s.Number!.Value, KeyRange.Full);
            StateEntry state = snapshot.State("sales", "in-flight");
            records.BeginRestore(new(state.Schema, Timestamp.UnixEpoch, Timestamp.None, []));
            foreach (IRunReader run in await snapshot.OpenRunsAsync("sales", "in-flight", KeyRange.Full, s_never))
            {
                await using (run)
                {
                    while (await run.ReadBlockAsync(s_never)) ((ISnapshotRows)records).RestoreBlock(run);
                }
            }

            records.OnRestored();
            Batch<After.Sale> read = new(10, hasTimestamps: true);
            Assert.True(records.TryTake(read));
            Assert.Equal([new(0, null), new(1, new(1, null)), new(2, null), new(3, new(3, null))], read.Values.Take(read.Count));
        }
    }

    static async Task WriteAsync(string folder)
    {
        MemoryObjectStore store = new(TimeProvider.System);
        HeldSource source = new(Records, Until);
        await StoredJob.StopAsync(store, FlowBefore(source, new()), 2, source);
        string root = StoredJob.SavepointOf(store);
        foreach (string key in store.Keys.Where(k => k.StartsWith(root, StringComparison.Ordinal))) await GoldenFiles.SaveAsync(folder, key[root.Length..], (await store.TryGetAsync(key, s_never))!);
    }

    static async Task WriteInFlightAsync(string folder)
    {
        InFlightRecords<Before.Sale> records = new(static s => (uint)s.Number, KeyRange.Full);
        records.Begin();
        Batch<Before.Sale> sent = new(4, hasTimestamps: true) { Count = 4 };
        for (int i = 0; i < sent.Count; i++) (sent.Values[i], sent.Timestamps[i]) = (new(i, i % 2 == 0 ? null : new((short)i)), new(i));
        records.Add(sent, channel: 0);
        MemoryStore store = new();
        await using PackWriter writer = new(store, "in-flight/", SnapshotSamples.Origin(9), new PackOptions());
        CapturedRun captured = Assert.Single(records.Take());
        using RunWriter run = writer.BeginRun(RunDescription.Of("sales", records.Schema, 9, captured));
        await captured.WriteAsync(run, s_never);
        StateEntry state = new() { Schema = records.Schema, Runs = [await run.CompleteAsync(s_never)] };
        SlicePart slice = new() { OperatorId = "sales", Subtask = 0, Range = KeyRange.Full, Watermark = Timestamp.UnixEpoch, States = [state] };
        SnapshotManifest manifest = ManifestBuilder.Build(new SnapshotDraft
        {
            Id = 9, Kind = SnapshotKind.Savepoint, Job = Name, Timeline = "00112233445566778899aabbccddeeff", Attempt = SnapshotSamples.Attempt, TakenAt = DateTimeOffset.UnixEpoch,
            Engine = "0.1.0", Fingerprint = "f00d", Operators = [new OperatorDraft("sales", "Process", 1)], Workers = [new WorkerPart(await writer.CompleteAsync(s_never), [slice])],
        });
        store.Objects["in-flight/_metadata"] = ManifestJson.Write(manifest);
        foreach ((string key, byte[] bytes) in store.Objects) await GoldenFiles.SaveAsync(folder, key["in-flight/".Length..], bytes);
    }
}
