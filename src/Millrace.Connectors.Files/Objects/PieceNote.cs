using System.Globalization;
using System.Text;
using Millrace.Storage;

namespace Millrace.Connectors.Files;

/// <summary>
/// A staged piece whose part is committed and whose object is not complete: noted beside it, so that whoever ends what a deployment left publishes it and does not
/// take it for something that was never committed. Immutable.
/// </summary>
/// <param name="Staged">The key of the bytes.</param>
/// <param name="Visible">The object they belong to.</param>
/// <param name="Offset">Where in it.</param>
/// <param name="Length">How many.</param>
internal sealed record PieceNote(string Staged, string Visible, long Offset, long Length)
{
    /// <summary>That of a piece.</summary>
    public static PieceNote Of(ObjectPiece piece) => new(piece.Staged, piece.Visible, piece.Offset, piece.Length);

    /// <summary>The key of the note about staged bytes.</summary>
    public static string KeyOf(string staged) => $"{staged}.kept";

    /// <summary>What the note says.</summary>
    public byte[] ToBytes() => Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Visible}\n{Offset}\n{Length}\n"));

    /// <summary>Reads the note about staged bytes; null when there is none.</summary>
    /// <exception cref="InvalidDataException">It was not written by a sink.</exception>
    public static async ValueTask<PieceNote?> TryReadAsync(IObjectStore store, string staged, CancellationToken cancellationToken)
    {
        if (await store.TryGetAsync(KeyOf(staged), cancellationToken).ConfigureAwait(false) is not { } content) return null;
        return Encoding.UTF8.GetString(content).Split('\n') is [var visible, var offset, var length, ""]
            && long.TryParse(offset, NumberStyles.None, CultureInfo.InvariantCulture, out long at)
            && long.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out long bytes)
            ? new(staged, visible, at, bytes)
            : throw new InvalidDataException($"{KeyOf(staged)} in {store.Address} does not name an object, an offset and a length: it was changed. Restore it; without it rows that are committed are lost.");
    }
}
