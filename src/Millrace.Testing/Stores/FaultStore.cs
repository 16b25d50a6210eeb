using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Millrace.Storage;

namespace Millrace.Testing.Stores;

/// <summary>
/// A store whose calls go wrong as a plan has it, with a record of what became of each. One instance stands for the store as one process
/// sees it: after a simulated crash it is of no use, and the next life of the process gets another over the same store. Thread-safe.
/// </summary>
/// <param name="inner">The store that keeps the objects. Not disposed of: it outlives the process.</param>
/// <param name="plan">What goes wrong.</param>
/// <param name="time">The clock of <see cref="StoreFault.Slow"/>.</param>
[Experimental("MR9001")]
public sealed class FaultStore(IListableStore inner, FaultPlan plan, TimeProvider time) : IListableStore
{
    readonly FaultLog _log = new();

    /// <inheritdoc/>
    public string Address => inner.Address;

    /// <summary>How many calls there were.</summary>
    public int Calls => _log.Calls;

    /// <summary>What became of them, in the order they ended.</summary>
    public IReadOnlyList<StoreEffect> Effects => _log.Effects;

    /// <summary>The call at which the process ended; null while it has not.</summary>
    public StoreCall? CrashedAt => _log.CrashedAt;

    /// <summary>Lets all late writes take effect now.</summary>
    public ValueTask ApplyLateAsync() => _log.ApplyLateAsync(int.MaxValue);

    /// <inheritdoc/>
    public ValueTask<CreateOutcome> CreateAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        byte[] copy = content.ToArray();
        return CallAsync(StoreVerb.Create, key, copy.Length, token => inner.CreateAsync(key, copy, token), static (_, _) => CreateOutcome.Unknown, null, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        byte[] copy = content.ToArray();
        await CallAsync(StoreVerb.Put, key, copy.Length, token => Done(inner.PutAsync(key, copy, token)), Lost<bool>, null, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<byte[]?> TryGetAsync(string key, CancellationToken cancellationToken) =>
        CallAsync(StoreVerb.Get, key, 0, token => inner.TryGetAsync(key, token), Lost<byte[]?>, Damage, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask ReadAsync(string key, long offset, Memory<byte> destination, CancellationToken cancellationToken) =>
        await CallAsync(StoreVerb.Read, key, destination.Length, token => Done(inner.ReadAsync(key, offset, destination, token)), Lost<bool>, (_, fault) =>
        {
            if (fault is StoreFault.Truncate) throw new ObjectMissingException(Address, key, $"ends at byte {offset + (destination.Length / 2)}, before {offset + destination.Length}");
            if (!destination.IsEmpty) Flip(destination.Span, ((StoreFault.FlipBit)fault).Bit);
            return true;
        }, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public ValueTask<long?> TryGetLengthAsync(string key, CancellationToken cancellationToken) =>
        CallAsync(StoreVerb.Length, key, 0, token => inner.TryGetLengthAsync(key, token), Lost<long?>, null, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<IObjectUpload> BeginUploadAsync(string key, CancellationToken cancellationToken) =>
        new FaultUpload(this, key, await CallAsync(StoreVerb.BeginUpload, key, 0, token => inner.BeginUploadAsync(key, token), Lost<IObjectUpload>, null, cancellationToken).ConfigureAwait(false));

    /// <inheritdoc/>
    public async ValueTask DeleteAsync(string key, CancellationToken cancellationToken) =>
        await CallAsync(StoreVerb.Delete, key, 0, token => Done(inner.DeleteAsync(key, token)), Lost<bool>, null, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (StoredObject found in await CallAsync(StoreVerb.List, prefix, 0, ListAllAsync, Lost<List<StoredObject>>, null, cancellationToken).ConfigureAwait(false))
            yield return found;

        async ValueTask<List<StoredObject>> ListAllAsync(CancellationToken token)
        {
            List<StoredObject> all = [];
            await foreach (StoredObject found in inner.ListAsync(prefix, token).ConfigureAwait(false)) all.Add(found);
            return all;
        }
    }

    /// <summary>Does nothing: the store outlives the process.</summary>
    public ValueTask DisposeAsync() => default;

    async ValueTask<T> CallAsync<T>(
        StoreVerb verb, string key, int bytes, Func<CancellationToken, ValueTask<T>> apply, Func<FaultStore, StoreCall, T> whenLost, Func<T, StoreFault, T>? damage,
        CancellationToken cancellationToken)
    {
        StoreCall call = _log.Begin(verb, key, bytes);
        await _log.ApplyLateAsync(call.Index).ConfigureAwait(false);
        StoreFault fault = plan.Decide(call);
        RequireFits(call, fault, damage is not null);
        if (await StandsInTheWayAsync(call, fault, () => Forget(apply(CancellationToken.None)), cancellationToken).ConfigureAwait(false)) return whenLost(this, call);
        T answer = await ApplyAsync(call, fault, apply, cancellationToken).ConfigureAwait(false);
        return fault switch
        {
            StoreFault.LoseReply => whenLost(this, call),
            StoreFault.Truncate or StoreFault.FlipBit => damage!(answer, fault),
            _ => answer,
        };
    }

    /// <summary>Carries a call out. The process may end after it, whether it succeeded or not.</summary>
    async ValueTask<T> ApplyAsync<T>(StoreCall call, StoreFault fault, Func<CancellationToken, ValueTask<T>> apply, CancellationToken cancellationToken)
    {
        try
        {
            T answer = await apply(cancellationToken).ConfigureAwait(false);
            _log.Add(new(call, fault, true, $"{answer}"));
            if (fault is StoreFault.CrashAfter) _log.Crash(call);
            _log.RequireAlive();
            return answer;
        }
        catch (Exception e) when (e is StoreUnavailableException or ObjectMissingException or ObjectExistsException)
        {
            _log.Add(new(call, fault, false, e.Message));
            if (fault is StoreFault.CrashAfter) _log.Crash(call);
            _log.RequireAlive();
            throw;
        }
    }

    /// <summary>Does what happens before a call is carried out. True when it is not to be, and the caller is told nothing.</summary>
    async ValueTask<bool> StandsInTheWayAsync(StoreCall call, StoreFault fault, Func<ValueTask> late, CancellationToken cancellationToken)
    {
        switch (fault)
        {
            case StoreFault.CrashBefore:
                _log.Crash(call);
                break;
            case StoreFault.Refuse:
                _log.Add(new(call, fault, false, "refused"));
                throw new StoreUnavailableException(Address, $"{call}", "refused, as the test's plan has it") { IsUnchanged = true };
            case StoreFault.Slow slow:
                await Task.Delay(slow.Pause, time, cancellationToken).ConfigureAwait(false);
                break;
            case StoreFault.Hold hold:
                await hold.Until.WaitAsync(cancellationToken).ConfigureAwait(false);
                break;
            case StoreFault.Conflict:
                _log.Add(new(call, fault, false, "conflict"));
                return true;
            case StoreFault.ApplyLate applyLate:
                _log.Delay(call, applyLate, late);
                return true;
        }

        _log.RequireAlive();
        return false;
    }

    // A plan that asks for what cannot happen would test nothing.
    static void RequireFits(StoreCall call, StoreFault fault, bool canBeDamaged)
    {
        bool fits = fault switch
        {
            StoreFault.Truncate or StoreFault.FlipBit => canBeDamaged,
            StoreFault.ApplyLate => call.IsWrite,
            StoreFault.Conflict => call.Verb is StoreVerb.Create or StoreVerb.CompleteUpload,
            _ => true,
        };
        if (!fits) throw new InvalidOperationException($"The plan has {fault} for {call}, which cannot happen to it.");
    }

    static T Lost<T>(FaultStore store, StoreCall call) => throw new StoreUnavailableException(store.Address, $"{call}", "no answer, as the test's plan has it");

    static byte[]? Damage(byte[]? content, StoreFault fault)
    {
        if (content is null || content.Length == 0) return content;
        if (fault is StoreFault.Truncate) return content[..(content.Length / 2)];
        Flip(content, ((StoreFault.FlipBit)fault).Bit);
        return content;
    }

    static void Flip(Span<byte> content, long bit)
    {
        long place = bit % (content.Length * 8L);
        content[(int)(place / 8)] ^= (byte)(1 << (int)(place % 8));
    }

    static async ValueTask<bool> Done(ValueTask call)
    {
        await call.ConfigureAwait(false);
        return true;
    }

    static async ValueTask Forget<T>(ValueTask<T> call) => await call.ConfigureAwait(false);

    sealed class FaultUpload(FaultStore store, string key, IObjectUpload upload) : IObjectUpload
    {
        bool _isLate;

        public async ValueTask WriteAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
            await store.CallAsync(StoreVerb.WriteUpload, key, content.Length, token => Done(upload.WriteAsync(content, token)), Lost<bool>, null, cancellationToken).ConfigureAwait(false);

        public async ValueTask CompleteAsync(CancellationToken cancellationToken) =>
            await store.CallAsync(StoreVerb.CompleteUpload, key, 0, token => Done(upload.CompleteAsync(token)), (owner, call) =>
            {
                _isLate = true;
                return Lost<bool>(owner, call);
            }, null, cancellationToken).ConfigureAwait(false);

        // A process that has ended cleans nothing up, and an upload whose completion is under way is not to be ended.
        public ValueTask DisposeAsync() => store.CrashedAt is not null || _isLate ? default : upload.DisposeAsync();
    }
}
