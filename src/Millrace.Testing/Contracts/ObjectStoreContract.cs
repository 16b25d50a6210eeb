using System.Diagnostics.CodeAnalysis;
using Millrace.Storage;

namespace Millrace.Testing.Contracts;

/// <summary>
/// What the engine relies on in every store. A store is one subclass; call <see cref="CheckAsync"/> from a test of any framework, or the parts from
/// one test each. Every part works under keys of its own, so they may run at the same time over one place, and leaves its objects there.
/// </summary>
[Experimental("MR9001")]
public abstract partial class ObjectStoreContract
{
    static readonly NonceSource s_names = NonceSource.FromSystem();

    /// <summary>Opens the place that is tested: each time another store, as another process would.</summary>
    protected abstract ValueTask<IListableStore> OpenAsync();

    /// <summary>Checks all of it.</summary>
    /// <exception cref="ExpectationException">The store breaks a part of the contract, which the message names.</exception>
    public async Task CheckAsync()
    {
        await CheckCreateAsync().ConfigureAwait(false);
        await CheckAbsentAsync().ConfigureAwait(false);
        await CheckAbsenceIsNotRememberedAsync().ConfigureAwait(false);
        await CheckRaceAsync().ConfigureAwait(false);
        await CheckRangesAsync().ConfigureAwait(false);
        await CheckReplaceAsync().ConfigureAwait(false);
        await CheckReplaceIsAtomicAsync().ConfigureAwait(false);
        await CheckDeleteAsync().ConfigureAwait(false);
        await CheckUploadAsync().ConfigureAwait(false);
        await CheckUploadLeftAsync().ConfigureAwait(false);
        await CheckUploadOverAsync().ConfigureAwait(false);
        await CheckOwnershipAsync().ConfigureAwait(false);
        await CheckKeysAsync().ConfigureAwait(false);
        await CheckCancelAsync().ConfigureAwait(false);
        await CheckListAsync().ConfigureAwait(false);
    }

    /// <summary>The first creation makes the object, a second finds it and leaves it alone, whatever its bytes.</summary>
    public Task CheckCreateAsync() => WithStoreAsync(async (store, folder) =>
    {
        foreach (int length in (int[])[0, 1, 100_000])
        {
            string key = $"{folder}/n{length}";
            byte[] content = Bytes(length, 1);
            await RequireCreatedAsync(store, key, content).ConfigureAwait(false);
            foreach (byte[] other in (byte[][])[content, Bytes(length + 1, 2)])
            {
                CreateOutcome again = await store.CreateAsync(key, other, CancellationToken.None).ConfigureAwait(false);
                Require(again == CreateOutcome.Exists, $"creating an existing object must be answered Exists, not {again}");
            }

            await RequireContentAsync(store, key, content, "after a second creation was refused").ConfigureAwait(false);
            long? told = await store.TryGetLengthAsync(key, CancellationToken.None).ConfigureAwait(false);
            Require(told == length, $"the length of an object of {length} bytes must be that, not {told}");
        }
    });

    /// <summary>What was never there is absent, for every way to ask, and can be deleted.</summary>
    public Task CheckAbsentAsync() => WithStoreAsync(async (store, folder) =>
    {
        string key = $"{folder}/never/was";
        await store.DeleteAsync(key, CancellationToken.None).ConfigureAwait(false);
        Require(await store.TryGetAsync(key, CancellationToken.None).ConfigureAwait(false) is null, "an absent object must be read as null");
        Require(await store.TryGetLengthAsync(key, CancellationToken.None).ConfigureAwait(false) is null, "the length of an absent object must be null");
        foreach (int count in (int[])[0, 1])
        {
            ObjectMissingException missing = await ThrowsAsync<ObjectMissingException>(
                () => store.ReadAsync(key, 0, new byte[count], CancellationToken.None), $"reading {count} bytes of an absent object").ConfigureAwait(false);
            Require(missing.Key.EndsWith(key, StringComparison.Ordinal), "the error for an absent object must name its key");
        }
    });

    /// <summary>An object that was asked for before it was there is seen as soon as it is, by others as well.</summary>
    public Task CheckAbsenceIsNotRememberedAsync() => WithStoreAsync(async (store, folder) =>
    {
        IListableStore other = await OpenAsync().ConfigureAwait(false);
        await using (other.ConfigureAwait(false))
        {
            for (int i = 0; i < 4; i++)
            {
                string key = $"{folder}/{i}";
                foreach (IListableStore reader in (IListableStore[])[store, other])
                    Require(await reader.TryGetAsync(key, CancellationToken.None).ConfigureAwait(false) is null, "an object must be absent before it is created");
                await RequireCreatedAsync(store, key, Bytes(10, i)).ConfigureAwait(false);
                foreach (IListableStore reader in (IListableStore[])[other, store])
                    await RequireContentAsync(reader, key, Bytes(10, i), "right after it was created, having been asked for before").ConfigureAwait(false);
            }
        }
    });

    /// <summary>Of many creators, through two stores, one wins, and the object holds its bytes.</summary>
    public Task CheckRaceAsync() => WithStoreAsync(async (store, folder) =>
    {
        const int Racers = 16;
        IListableStore other = await OpenAsync().ConfigureAwait(false);
        await using (other.ConfigureAwait(false))
        {
            for (int round = 0; round < 16; round++)
            {
                string key = $"{folder}/{round}";
                CreateOutcome[] outcomes = await Task.WhenAll(Enumerable.Range(0, Racers).Select(racer =>
                    (racer % 2 == 0 ? store : other).CreateAsync(key, Bytes(1_000, racer), CancellationToken.None).AsTask())).ConfigureAwait(false);
                int[] winners = [.. outcomes.Index().Where(static o => o.Item == CreateOutcome.Created).Select(static o => o.Index)];
                Require(winners.Length == 1, $"of {Racers} creators of one key one must be told Created, not {winners.Length} ({string.Join(", ", outcomes)})");
                await RequireContentAsync(other, key, Bytes(1_000, winners[0]), "after a race, by its winner").ConfigureAwait(false);
            }
        }
    });

    /// <summary>What is given is borrowed until the call completes, and what is returned is the caller's.</summary>
    public Task CheckOwnershipAsync() => WithStoreAsync(async (store, folder) =>
    {
        byte[] content = Bytes(1_000, 1);
        await RequireCreatedAsync(store, $"{folder}/created", content).ConfigureAwait(false);
        await store.PutAsync($"{folder}/put", content, CancellationToken.None).ConfigureAwait(false);
        await UploadAsync(store, $"{folder}/uploaded", [content]).ConfigureAwait(false);
        content.AsSpan().Clear();
        foreach (string name in (string[])["created", "put", "uploaded"])
        {
            byte[]? found = await store.TryGetAsync($"{folder}/{name}", CancellationToken.None).ConfigureAwait(false);
            Require(found is not null && found.AsSpan().SequenceEqual(Bytes(1_000, 1)), "bytes given to a store must be its own once the call is complete");
            found.AsSpan().Clear();
            await RequireContentAsync(store, $"{folder}/{name}", Bytes(1_000, 1), "after the array it was read into was changed").ConfigureAwait(false);
        }
    });

    /// <summary>What is no key is refused by every call before anything happens.</summary>
    public Task CheckKeysAsync() => WithStoreAsync(async (store, folder) =>
    {
        CancellationToken none = CancellationToken.None;
        foreach (string key in (string[])["", "/a", "a/", "a//b", "..", "../a", "a/../b", ".a", "a/.b", "a b", "a\\b", "ä", "a\0", "a?b", new string('k', ObjectKey.KeyCharsMax + 1)])
        {
            await ThrowsAsync<ArgumentException>(async () => await store.CreateAsync(key, default, none).ConfigureAwait(false), $"creating '{key}'").ConfigureAwait(false);
            await ThrowsAsync<ArgumentException>(() => store.PutAsync(key, default, none), $"writing '{key}'").ConfigureAwait(false);
            await ThrowsAsync<ArgumentException>(async () => await store.TryGetAsync(key, none).ConfigureAwait(false), $"reading '{key}'").ConfigureAwait(false);
            await ThrowsAsync<ArgumentException>(() => store.ReadAsync(key, 0, new byte[1], none), $"reading a range of '{key}'").ConfigureAwait(false);
            await ThrowsAsync<ArgumentException>(async () => await store.TryGetLengthAsync(key, none).ConfigureAwait(false), $"measuring '{key}'").ConfigureAwait(false);
            await ThrowsAsync<ArgumentException>(async () => await store.BeginUploadAsync(key, none).ConfigureAwait(false), $"uploading '{key}'").ConfigureAwait(false);
            await ThrowsAsync<ArgumentException>(() => store.DeleteAsync(key, none), $"deleting '{key}'").ConfigureAwait(false);
        }

        string longest = $"{folder}/{new string('p', ObjectKey.PartCharsMax)}/{new string('q', 100)}/AZaz09._-";
        await RequireCreatedAsync(store, longest, Bytes(5, 1)).ConfigureAwait(false);
        await RequireContentAsync(store, longest, Bytes(5, 1), "under a long key").ConfigureAwait(false);
        await ThrowsAsync<ArgumentOutOfRangeException>(() => store.ReadAsync(longest, -1, new byte[1], none), "reading from before the beginning").ConfigureAwait(false);
    });

    /// <summary>A call that is cancelled before it begins does not begin.</summary>
    public Task CheckCancelAsync() => WithStoreAsync(async (store, folder) =>
    {
        CancellationToken cancelled = new(canceled: true);
        string key = $"{folder}/cancelled";
        await ThrowsAsync<OperationCanceledException>(async () => await store.CreateAsync(key, Bytes(1, 1), cancelled).ConfigureAwait(false), "a cancelled creation").ConfigureAwait(false);
        await ThrowsAsync<OperationCanceledException>(() => store.PutAsync(key, Bytes(1, 1), cancelled), "a cancelled replacement").ConfigureAwait(false);
        await ThrowsAsync<OperationCanceledException>(async () => await store.TryGetAsync(key, cancelled).ConfigureAwait(false), "a cancelled read").ConfigureAwait(false);
        await ThrowsAsync<OperationCanceledException>(async () => await store.BeginUploadAsync(key, cancelled).ConfigureAwait(false), "a cancelled upload").ConfigureAwait(false);
        Require(await store.TryGetAsync(key, CancellationToken.None).ConfigureAwait(false) is null, "a call cancelled before it began must change nothing");
    });

    async Task WithStoreAsync(Func<IListableStore, string, Task> check)
    {
        IListableStore store = await OpenAsync().ConfigureAwait(false);
        await using (store.ConfigureAwait(false)) await check(store, $"contract/{s_names.NextName()}").ConfigureAwait(false);
    }

    static byte[] Bytes(int length, int writer)
    {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) bytes[i] = (byte)((i * 31) + (i >> 8) + (i >> 16) + (writer * 101));
        return bytes;
    }

    static async Task UploadAsync(IListableStore store, string key, IEnumerable<byte[]> pieces)
    {
        IObjectUpload upload = await store.BeginUploadAsync(key, CancellationToken.None).ConfigureAwait(false);
        await using (upload.ConfigureAwait(false))
        {
            foreach (byte[] piece in pieces) await upload.WriteAsync(piece, CancellationToken.None).ConfigureAwait(false);
            await upload.CompleteAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    static async Task RequireCreatedAsync(IListableStore store, string key, byte[] content)
    {
        CreateOutcome outcome = await store.CreateAsync(key, content, CancellationToken.None).ConfigureAwait(false);
        Require(outcome == CreateOutcome.Created, $"creating a new object must be answered Created, not {outcome}");
    }

    static async Task RequireContentAsync(IListableStore store, string key, byte[] expected, string when)
    {
        byte[]? found = await store.TryGetAsync(key, CancellationToken.None).ConfigureAwait(false);
        Require(found is not null, $"an object must be there {when}");
        Require(found.AsSpan().SequenceEqual(expected), $"an object must hold the bytes written {when}; it held {found!.Length} bytes, {expected.Length} were expected");
    }

    static async Task<TException> ThrowsAsync<TException>(Func<ValueTask> call, string what) where TException : Exception
    {
        try
        {
            await call().ConfigureAwait(false);
        }
        catch (TException expected)
        {
            return expected;
        }

        throw new ExpectationException($"{what} must throw {typeof(TException).Name}; it did not");
    }

    static void Require(bool holds, string rule)
    {
        if (!holds) throw new ExpectationException(rule);
    }
}
