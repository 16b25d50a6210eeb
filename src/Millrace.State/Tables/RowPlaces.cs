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

    /// <summary>Binary digits of the scale after its point: enough for the places of each hash of a slice to differ wherever there are as many.</summary>
    const int FractionBits = 16;

    /// <summary>Spreads any hashes.</summary>
    public static readonly RowPlaces Spread = new(0, 0, (ulong)Remix << FractionBits);

    readonly uint _start;
    readonly uint _last;        // The last hash, less the start; zero when hashes can be any.
    readonly ulong _scale;

    RowPlaces(uint start, uint last, ulong scale) => (_start, _last, _scale) = (start, last, scale);

    /// <summary>Keeps the order of the hashes of a slice. Others have places too, anywhere.</summary>
    public static RowPlaces InOrder(KeyRange owned) =>
        owned.Size <= 1 ? Spread : new((uint)owned.Start, (uint)(owned.Size - 1), (1UL << (32 + FractionBits)) / (ulong)owned.Size);

    /// <summary>The place of a hash.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Of(uint hash) => (uint)((hash - _start) * _scale >> FractionBits);

    /// <summary>Hashes between which those of some places are.</summary>
    /// <param name="first">The first place.</param>
    /// <param name="last">The last place.</param>
    /// <returns>The least and the greatest; a hash more at either end is possible. Null when such hashes can be any.</returns>
    public (uint First, uint Last)? HashesOf(uint first, uint last)
    {
        if (_last == 0) return null;
        ulong least = ((ulong)first << FractionBits) / _scale, greatest = (((ulong)last + 1) << FractionBits) / _scale;
        return (_start + (uint)Math.Min(least, _last), _start + (uint)Math.Min(greatest, _last));
    }
}
