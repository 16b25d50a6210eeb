using static Millrace.Storage.ProbeObjects;

namespace Millrace.Storage;

/// <summary>What only callers at the same time can find out about a store.</summary>
sealed class ProbeRaces(ProbeObjects objects, int keys, int racers)
{
    // Four keys at a time: enough requests at once to race, few enough not to be throttled.
    const int KeysAtOnce = 4;

    public async Task<string> CreatesAsync(CancellationToken cancellationToken)
    {
        int unknown = 0;
        for (int first = 0; first < keys; first += KeysAtOnce)
        {
            IEnumerable<Task<int>> races = Enumerable.Range(first, Math.Min(KeysAtOnce, keys - first)).Select(i => RaceAsync($"race-{i}", cancellationToken));
            foreach (int count in await Task.WhenAll(races).ConfigureAwait(false)) unknown += count;
        }

        return $"{keys} keys, {racers} creators each" + (unknown == 0 ? "" : $", {unknown} answers that settle nothing");
    }

    async Task<int> RaceAsync(string name, CancellationToken cancellationToken)
    {
        string key = objects.Key(name);
        CreateOutcome[] outcomes = await Task.WhenAll(Enumerable.Range(0, racers)
            .Select(racer => objects.Store.CreateAsync(key, Text($"racer {racer}"), cancellationToken).AsTask())).ConfigureAwait(false);
        int winners = outcomes.Count(static o => o == CreateOutcome.Created);
        int unknown = outcomes.Count(static o => o == CreateOutcome.Unknown);
        Require(winners <= 1, $"{winners} of {racers} creators of one key were told that they made it: the store ignores the condition of conditional writes, or does not decide it in one place");
        Require(winners + unknown > 0, $"all {racers} creators of one new key were refused");

        byte[]? found = await objects.Store.TryGetAsync(key, cancellationToken).ConfigureAwait(false);
        bool[] mayBe = [.. outcomes.Select(o => o == (winners == 1 ? CreateOutcome.Created : CreateOutcome.Unknown))];
        if (found is null)
        {
            Require(winners == 0, "an object was absent though a creator was told that it made it");
            return unknown;
        }

        bool isWinners = Enumerable.Range(0, racers).Any(racer => mayBe[racer] && found.AsSpan().SequenceEqual(Text($"racer {racer}")));
        Require(isWinners, "after a race an object held the bytes of a creator that was refused");
        return unknown;
    }

    public async Task<string> UploadsAsync(CancellationToken cancellationToken)
    {
        string key = objects.Key("long-race");
        byte[][] contents = [Pattern(ProbeChecks.UploadBytes, 5), Pattern(ProbeChecks.UploadBytes, 6)];
        bool[] won = await Task.WhenAll(contents.Select(content => TryUploadAsync(key, content, cancellationToken))).ConfigureAwait(false);
        Require(won[0] || won[1], "both of two uploads under one new key were refused");
        byte[]? found = await objects.Store.TryGetAsync(key, cancellationToken).ConfigureAwait(false);
        Require(Enumerable.Range(0, 2).Any(i => won[i] && found.AsSpan().SequenceEqual(contents[i])), "after a race of uploads an object was not that of one who was told that it was complete");
        // Uploads go to keys that are never used twice, so nothing rests on this; Ceph before 2025 is one that lets both pass.
        return won[0] && won[1] ? "2 uploads at the same time, both accepted, one of them kept: harmless, as no key is used twice" : "2 uploads at the same time, one accepted";
    }

    async Task<bool> TryUploadAsync(string key, byte[] content, CancellationToken cancellationToken)
    {
        try
        {
            await ProbeChecks.UploadAsync(objects.Store, key, content, null, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (ObjectExistsException)
        {
            return false;
        }
    }
}
