using static Millrace.Storage.ProbeObjects;

namespace Millrace.Storage;

/// <summary>What one caller at a time can find out about a store.</summary>
sealed class ProbeChecks(ProbeObjects objects)
{
    /// <summary>More than the 16 MiB above which a store may write in parts.</summary>
    public const int UploadBytes = (17 << 20) + 12_345;

    IObjectStore Store => objects.Store;

    public async Task<string> AnswersAsync(CancellationToken cancellationToken)
    {
        Require(await Store.TryGetAsync(objects.Key("nothing"), cancellationToken).ConfigureAwait(false) is null, "an object was there that nobody created");
        return "an object that is not there is not found";
    }

    public async Task<string> CreateAsync(CancellationToken cancellationToken)
    {
        foreach (int length in (int[])[0, 1, 70_000])
        {
            string key = objects.Key($"new-{length}");
            byte[] content = Pattern(length, 1);
            await objects.CreateAsync(key, content, cancellationToken).ConfigureAwait(false);
            await objects.RequireContentAsync(key, content, "right after it was created", cancellationToken).ConfigureAwait(false);
            long? told = await Store.TryGetLengthAsync(key, cancellationToken).ConfigureAwait(false);
            Require(told == length, $"the length of {length} bytes was given as {told?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "none"}");
        }

        return "objects of 0, 1 and 70000 bytes";
    }

    public async Task<string> CreateOverAsync(CancellationToken cancellationToken)
    {
        string key = objects.Key("over");
        await objects.CreateAsync(key, Text("first"), cancellationToken).ConfigureAwait(false);
        foreach (string other in (string[])["first", "other"])
        {
            CreateOutcome outcome = await Store.CreateAsync(key, Text(other), cancellationToken).ConfigureAwait(false);
            Require(outcome != CreateOutcome.Created, "a second creation under one key was accepted: the store ignores the condition of conditional writes");
            Require(outcome == CreateOutcome.Exists, $"a second creation under one key, without a race, was answered {outcome}");
        }

        await objects.RequireContentAsync(key, Text("first"), "after another creation was refused", cancellationToken).ConfigureAwait(false);
        return "2 creations refused, the object unharmed";
    }

    public async Task<string> AbsenceAsync(CancellationToken cancellationToken)
    {
        for (int i = 0; i < 4; i++)
        {
            string key = objects.Key($"absent-{i}");
            for (int ask = 0; ask < 2; ask++)
            {
                Require(await Store.TryGetAsync(key, cancellationToken).ConfigureAwait(false) is null, "an object was there before it was created");
                Require(await Store.TryGetLengthAsync(key, cancellationToken).ConfigureAwait(false) is null, "an object had a length before it was created");
            }

            await objects.CreateAsync(key, Text($"here {i}"), cancellationToken).ConfigureAwait(false);
            await objects.RequireContentAsync(key, Text($"here {i}"), "after it was created, having been asked for before: something caches absence", cancellationToken).ConfigureAwait(false);
            Require(await Store.TryGetLengthAsync(key, cancellationToken).ConfigureAwait(false) is not null, "an object had no length after it was created: something caches absence");
        }

        return "4 objects asked for before they were there";
    }

    public async Task<string> RangesAsync(CancellationToken cancellationToken)
    {
        const int Length = 100_000;
        string key = objects.Key("ranges");
        byte[] content = Pattern(Length, 2);
        await objects.CreateAsync(key, content, cancellationToken).ConfigureAwait(false);
        foreach ((int offset, int count) in ((int, int)[])[(0, 1), (0, Length), (1, 4_096), (65_535, 2), (Length - 1, 1)])
        {
            byte[] part = new byte[count];
            await Store.ReadAsync(key, offset, part, cancellationToken).ConfigureAwait(false);
            Require(part.AsSpan().SequenceEqual(content.AsSpan(offset, count)), $"{count} bytes from {offset} were others than those written");
        }

        try
        {
            await Store.ReadAsync(key, Length - 1, new byte[2], cancellationToken).ConfigureAwait(false);
        }
        catch (ObjectMissingException)
        {
            return "5 ranges, and one beyond the end refused";
        }

        throw new ProbeFailure("a range beyond the end of an object was read without an error");
    }

    public async Task<string> ReplaceAsync(CancellationToken cancellationToken)
    {
        string key = objects.Key("hint");
        foreach (string text in (string[])["one", "two, longer", "3"])
        {
            await Store.PutAsync(key, Text(text), cancellationToken).ConfigureAwait(false);
            await objects.RequireContentAsync(key, Text(text), "right after it was replaced", cancellationToken).ConfigureAwait(false);
        }

        return "3 versions, each read at once";
    }

    public async Task<string> DeleteAsync(CancellationToken cancellationToken)
    {
        string key = objects.Key("doomed");
        await objects.CreateAsync(key, Text("first life"), cancellationToken).ConfigureAwait(false);
        for (int i = 0; i < 2; i++)
        {
            await Store.DeleteAsync(key, cancellationToken).ConfigureAwait(false);
            Require(await Store.TryGetAsync(key, cancellationToken).ConfigureAwait(false) is null, "an object could be read after it was deleted");
            Require(await Store.TryGetLengthAsync(key, cancellationToken).ConfigureAwait(false) is null, "an object had a length after it was deleted");
        }

        await objects.CreateAsync(key, Text("second life"), cancellationToken).ConfigureAwait(false);
        await objects.RequireContentAsync(key, Text("second life"), "after it was deleted and created again", cancellationToken).ConfigureAwait(false);
        return "deleted twice, created again";
    }

    public async Task<string> UploadAsync(CancellationToken cancellationToken)
    {
        string key = objects.Key("long");
        byte[] content = Pattern(UploadBytes, 3);
        await UploadAsync(Store, key, content, objects, cancellationToken).ConfigureAwait(false);
        await objects.RequireContentAsync(key, content, "right after its upload was completed", cancellationToken).ConfigureAwait(false);
        bool wasRefused = false;
        try
        {
            await UploadAsync(Store, key, Pattern(UploadBytes, 4), null, cancellationToken).ConfigureAwait(false);
        }
        catch (ObjectExistsException)
        {
            wasRefused = true;
        }

        Require(wasRefused, "completing a second upload under one key was accepted: the store ignores the condition when an upload is completed");
        await objects.RequireContentAsync(key, content, "after another upload was refused", cancellationToken).ConfigureAwait(false);
        return $"{UploadBytes} bytes";
    }

    /// <summary>Uploads in uneven pieces. With the probe's objects given, nothing may be visible before the end.</summary>
    public static async Task UploadAsync(IObjectStore store, string key, byte[] content, ProbeObjects? invisible, CancellationToken cancellationToken)
    {
        IObjectUpload upload = await store.BeginUploadAsync(key, cancellationToken).ConfigureAwait(false);
        await using (upload.ConfigureAwait(false))
        {
            for (int done = 0; done < content.Length;)
            {
                int count = Math.Min(3_000_001, content.Length - done);
                await upload.WriteAsync(content.AsMemory(done, count), cancellationToken).ConfigureAwait(false);
                done += count;
            }

            if (invisible is not null)
                Require(await store.TryGetLengthAsync(key, cancellationToken).ConfigureAwait(false) is null, "an upload was visible before it was completed");
            await upload.CompleteAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
