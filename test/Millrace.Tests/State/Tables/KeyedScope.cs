using Millrace.State;
using Millrace.State.Tables;

namespace Millrace.Tests.State.Tables;

/// <summary>A scope whose current key a test chooses, as an operator does for each call.</summary>
sealed class KeyedScope<TKey, TOps> where TOps : struct, IKeyOps<TKey>
{
    public KeyedStateScope<TKey, TOps> State { get; } = new(static () => Timestamp.UnixEpoch);

    public void On(TKey key) => State.Context.Enter(key, default(TOps).Hash(key));

    public void Leave() => State.Context.Leave();
}

/// <summary>All keys have the same hash, so that only equality tells them apart.</summary>
readonly struct CollidingOps : IKeyOps<int>
{
    public uint Hash(int key) => 77;

    public bool Equals(int left, int right) => left == right;
}

/// <summary>Commands of a model test, read from numbers so that they shrink.</summary>
static class Commands
{
    public static IEnumerable<(int Key, int Verb, int Value)> Read(int[] numbers, int keys, int verbs)
    {
        foreach (int number in numbers)
        {
            uint bits = (uint)KeyHash.Of(number);
            yield return ((int)(bits % (uint)keys), (int)((bits >> 8) % (uint)verbs), (int)(bits >> 16));
        }
    }
}
