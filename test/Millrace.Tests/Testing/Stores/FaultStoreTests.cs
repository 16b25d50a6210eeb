using Millrace.Storage;
using Millrace.Testing.Stores;
using Fixtures = Millrace.Tests.Storage.Stores;

namespace Millrace.Tests.Testing.Stores;

public sealed class FaultStoreTests
{
    readonly MemoryObjectStore _inner = Fixtures.Memory();

    [Fact]
    public async Task Sweep_OfEveryCall_StopsOnceBeforeAndOnceAfterItsEffect()
    {
        static async Task LifeAsync(IObjectStore store)
        {
            await store.CreateAsync("a", Fixtures.Text("1"), CancellationToken.None);
            await using IObjectUpload upload = await store.BeginUploadAsync("b", CancellationToken.None);
            await upload.WriteAsync(Fixtures.Text("2"), CancellationToken.None);
            await upload.CompleteAsync(CancellationToken.None);
            await store.DeleteAsync("a", CancellationToken.None);
        }

        FaultStore whole = new(Fixtures.Memory(), FaultPlan.None, TimeProvider.System);
        await LifeAsync(whole);
        Assert.Equal(5, whole.Calls);

        string[] left = [];
        for (int call = 0; call < whole.Calls; call++)
        {
            foreach (FaultPlan plan in (FaultPlan[])[FaultPlan.CrashBefore(call), FaultPlan.CrashAfter(call)])
            {
                MemoryObjectStore store = Fixtures.Memory();
                FaultStore life = new(store, plan, TimeProvider.System);
                var crash = await Assert.ThrowsAsync<SimulatedCrashException>(() => LifeAsync(life));
                Assert.Equal(call, crash.Call.Index);
                await Assert.ThrowsAsync<SimulatedCrashException>(async () => await life.TryGetAsync("a", CancellationToken.None));
                left = [.. left, string.Join(',', store.Keys)];
            }
        }

        Assert.Equal(["", "a", "a", "a", "a", "a", "a", "a,b", "a,b", "b"], left);
    }

    [Fact]
    public async Task Reads_Damaged_AreShorterOrDifferInOneBit()
    {
        await _inner.CreateAsync("a", new byte[100], CancellationToken.None);
        FaultStore store = new(_inner, FaultPlan.At((0, new StoreFault.Truncate()), (1, new StoreFault.FlipBit(803)), (2, new StoreFault.FlipBit(9)), (3, new StoreFault.Truncate())), TimeProvider.System);

        Assert.Equal(50, (await store.TryGetAsync("a", CancellationToken.None))!.Length);
        Assert.Equal(8, (await store.TryGetAsync("a", CancellationToken.None))![0]);
        byte[] part = new byte[10];
        await store.ReadAsync("a", 0, part, CancellationToken.None);
        Assert.Equal(2, part[1]);
        await Assert.ThrowsAsync<ObjectMissingException>(async () => await store.ReadAsync("a", 0, part, CancellationToken.None));
        Assert.Equal(new byte[100], await store.TryGetAsync("a", CancellationToken.None));
    }

    [Fact]
    public async Task Write_Late_TakesEffectAtTheCallItIsDue()
    {
        FaultStore store = new(_inner, FaultPlan.At((0, new StoreFault.ApplyLate(2)), (1, new StoreFault.LoseReply())), TimeProvider.System);

        Assert.Equal(CreateOutcome.Unknown, await store.CreateAsync("a", Fixtures.Text("1"), CancellationToken.None));
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.PutAsync("b", Fixtures.Text("2"), CancellationToken.None));
        Assert.Equal(["b"], _inner.Keys);
        Assert.Equal(Fixtures.Text("1"), await store.TryGetAsync("a", CancellationToken.None));
        Assert.Equal(
            ["not answered", "True", "took effect late"],
            store.Effects.Take(3).Select(static e => e.Outcome));
    }

    [Fact]
    public async Task Call_Held_TakesEffectWhenItIsLetGo()
    {
        TaskCompletionSource wake = new();
        FaultStore sleeper = new(_inner, FaultPlan.At((0, new StoreFault.Hold(wake.Task))), TimeProvider.System);
        Task<CreateOutcome> create = sleeper.CreateAsync("a", Fixtures.Text("zombie"), CancellationToken.None).AsTask();
        await _inner.CreateAsync("a", Fixtures.Text("successor"), CancellationToken.None);
        wake.SetResult();

        Assert.Equal(CreateOutcome.Exists, await create);
    }

    [Fact]
    public async Task Plan_ThatCannotHappen_IsAnError()
    {
        FaultStore store = new(_inner, FaultPlan.At((0, new StoreFault.ApplyLate(1))), TimeProvider.System);

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await store.TryGetAsync("a", CancellationToken.None));
    }

    [Fact]
    public void Plan_Seeded_IsTheSameForTheSameSeed()
    {
        static StoreFault[] Draw(ulong seed) =>
            [.. Enumerable.Range(0, 1_000).Select(i => FaultPlan.Seeded(seed, 0.25).Decide(new(i, i % 2 == 0 ? StoreVerb.Create : StoreVerb.Get, "a", 1)))];

        Assert.Equal(Draw(1), Draw(1));
        Assert.NotEqual(Draw(1), Draw(2));
        Assert.InRange(Draw(1).Count(static f => f is not StoreFault.None), 200, 300);
        Assert.All((Type[])[typeof(StoreFault.LoseReply), typeof(StoreFault.ApplyLate), typeof(StoreFault.Conflict), typeof(StoreFault.Refuse)], type => Assert.Contains(Draw(1), f => f.GetType() == type));
    }
}
