using System.Runtime.CompilerServices;

namespace Millrace.State.Tables;

/// <summary>
/// Which segment of a table a row is in: its place in a space of 2^32, whose leading bits number the segments. Places of the keys that an instance owns are in
/// the order of their hashes, so segments that are captured one after the other give rows nearly as a run has them, and rows that are restored in the order of a run go where
/// the ones before them went: in ten million rows that was half of the time of writing. Other tables spread hashes of any kind.
/// </summary>
readonly struct RowPlaces
{
    /// <summary>Fibonacci multiplier (Knuth, TAOCP 3, 6.4): spreads hashes that differ in any bits over the top bits.</summary>
    public const uint Remix = 0x9E3779B1;

    /// <summary>Spreads any hashes.</summary>
    public static readonly RowPlaces Spread = new(Remix, -1);

    readonly uint _multiplier;
    readonly int _instance;     // -1 for none.

    RowPlaces(uint multiplier, int instance) => (_multiplier, _instance) = (multiplier, instance);

    /// <summary>Keeps the order of the hashes that an instance owns, as <see cref="KeyRange.Of"/> says. Those of others have places too, anywhere.</summary>
    /// <param name="owned">The slice of one of up to 46,340 instances; others are spread.</param>
    public static RowPlaces InOrder(KeyRange owned)
    {
        if (owned.IsEmpty) return Spread;
        // Sizes differ by one at most, so this is off by less than a half as long as the square of the parallelism is below half the space.
        long parallelism = (KeyRange.SpaceSize + (owned.Size / 2)) / owned.Size;
        if (parallelism > int.MaxValue) return Spread;
        int instance = KeyRange.InstanceOf((uint)owned.Start, (int)parallelism);
        return KeyRange.Of(instance, (int)parallelism) == owned ? new((uint)parallelism, instance) : Spread;
    }

    /// <summary>
    /// The place of a hash. Of its product with the parallelism the upper half is the instance, so the lower half is in order for each of them, and costs as much as a remix.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Of(uint hash) => hash * _multiplier;

    /// <summary>The hashes of the instance whose places lie between two.</summary>
    /// <param name="first">The first place.</param>
    /// <param name="last">The last place.</param>
    /// <returns>The least and the greatest, the least being greater where there is none. Null when such hashes can be any.</returns>
    public (uint First, uint Last)? HashesOf(uint first, uint last)
    {
        if (_instance < 0) return null;
        ulong above = (ulong)_instance << 32;
        return ((uint)(((above | first) + _multiplier - 1) / _multiplier), (uint)((above | last) / _multiplier));
    }
}
