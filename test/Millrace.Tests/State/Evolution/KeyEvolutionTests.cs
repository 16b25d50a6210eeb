using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Millrace.State;
using Millrace.State.Codecs;
using Millrace.State.Evolution;

namespace Millrace.Tests.State.Evolution;

/// <summary>
/// Random types of keys, and random changes of them, allowed or not: where a change is allowed, different keys stay different and rows stay in their place.
/// </summary>
public sealed class KeyEvolutionTests
{
    const int Seeds = 300;
    const int Keys = 40;

    static readonly MethodInfo s_run = typeof(KeyEvolutionTests).GetMethod(nameof(Run), BindingFlags.NonPublic | BindingFlags.Static)!;

    [Fact]
    public void Read_AllowedChangesOfKeys_KeepKeysApartAndInTheirPlace()
    {
        int allowed = 0, changed = 0, refused = 0;
        foreach (int seed in Fuzzing.Seeds(Seeds).Select(static s => s + 1))
        {
            Random random = new(seed);
            RandomKeys keys = new(random);
            KeyShape shape = seed % 2 == 0 ? keys.New(0) : keys.NewBold();
            try
            {
                int changes = (int)s_run.MakeGenericMethod(shape.Before, shape.After).Invoke(null, BindingFlags.DoNotWrapExceptions, null, [shape, random], null)!;
                if (changes < 0) refused++;
                else allowed++;
                if (changes > 0) changed++;
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                throw new InvalidOperationException($"seed {seed}: {e.Message}\n{TypeSchemaOf(shape.Before)}\n--- read as\n{TypeSchemaOf(shape.After)}", e);
            }
        }

        Assert.True(changed > Seeds * Fuzzing.Times / 8 && refused > Seeds * Fuzzing.Times / 5, $"{allowed} allowed, {changed} of them with changes, {refused} refused");
    }

    /// <summary>The number of changes; -1 when they are refused.</summary>
    static int Run<TOld, TNew>(KeyShape shape, Random random) where TOld : notnull where TNew : notnull
    {
        Codec<TOld> writing = Codec.OfKey<TOld>();
        SchemaResolution inPlace = SchemaResolver.Resolve(writing.Schema, typeof(TNew), SchemaUse.Key, "key"), apart = SchemaResolver.Resolve(writing.Schema, typeof(TNew), SchemaUse.Distinct, "map key");
        // What keeps the place of a key keeps it apart from others.
        Assert.True(apart.IsCompatible || !inPlace.IsCompatible, string.Join("; ", apart.Problems));
        if (!apart.IsCompatible) return -1;
        TOld[] old = [.. Enumerable.Range(0, Keys).Select(_ => (TOld)shape.Value(random)!).Distinct()];
        Dictionary<TNew, TOld> read = [];
        Codec<TNew> reading = Codec.OfKey<TNew>().ReadingFrom(writing.Schema, inPlace.IsCompatible ? SchemaUse.Key : SchemaUse.Distinct);
        foreach (TOld key in old)
        {
            if (!TryRead(reading, writing.Encode(key), mayBeRefused: !inPlace.IsCompatible, out TNew? now)) continue;
            Assert.True(read.TryAdd(now, key), $"{key} and {read.GetValueOrDefault(now)} are both {now}");
            if (inPlace.IsCompatible) Assert.True(KeyTypes.Of<TOld>().Hash(key) == KeyTypes.Of<TNew>().Hash(now), $"{key} has another hash as {now}");
        }

        return inPlace.IsCompatible ? inPlace.Changes.Count : -1;
    }

    // A number of an enumeration that has no name may mean another one now. That is an error where it is read, and no key of a stream has it.
    static bool TryRead<TKey>(Codec<TKey> reading, byte[] bytes, bool mayBeRefused, [NotNullWhen(true)] out TKey? key) where TKey : notnull
    {
        key = default;
        try
        {
            key = reading.Decode(bytes);
            return true;
        }
        catch (CorruptDataException e) when (mayBeRefused && e.Message.Contains("has no name in what was written", StringComparison.Ordinal))
        {
            return false;
        }
    }

    static TypeSchema TypeSchemaOf(Type type) => Codec.Of(type).Schema;
}
