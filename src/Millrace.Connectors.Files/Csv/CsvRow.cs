using System.Runtime.CompilerServices;

namespace Millrace.Connectors.Files;

/// <summary>
/// The fields of one row, as places in the bytes at hand: nothing is copied but fields with doubled quotes. Reused for every row; owned
/// by one reader.
/// </summary>
/// <param name="columnsMax">How many fields are kept; those beyond are not even counted.</param>
/// <param name="dateFormat">See <see cref="CsvOptions.DateFormat"/>.</param>
internal sealed class CsvRow(int columnsMax, string? dateFormat)
{
    const byte Quote = (byte)'"';

    Place[] _places = new Place[Math.Min(columnsMax, 16)];
    byte[] _bytes = [];
    byte[] _unescaped = [];

    /// <summary>How many fields there are, at most one more than expected.</summary>
    public int Count { get; private set; }

    public string? DateFormat => dateFormat;

    /// <summary>The first column that could not be read; -1 when there is none.</summary>
    public int FailedColumn { get; private set; } = -1;

    public string? FailedReason { get; private set; }

    /// <summary>Whether a field could not be read. The binder asks before it makes a record.</summary>
    public bool HasFailed => FailedColumn >= 0;

    /// <summary>Notes that a field cannot be read; the first one counts.</summary>
    public void Fail(int column, string reason)
    {
        if (HasFailed) return;
        FailedColumn = column;
        FailedReason = reason;
    }

    /// <summary>The text of a field, without quotes. Valid until another field is asked for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<byte> Field(int column)
    {
        Place place = _places[column];
        ReadOnlySpan<byte> text = _bytes.AsSpan(place.Start, place.Length);
        return place.HasDoubledQuotes ? Unescape(text) : text;
    }

    /// <summary>Splits a line without any quote.</summary>
    public void SplitPlain(byte[] bytes, int start, int length, byte delimiter)
    {
        Begin(bytes);
        ReadOnlySpan<byte> rest = bytes.AsSpan(start, length);
        while (true)
        {
            int found = rest.IndexOf(delimiter);
            if (found < 0)
            {
                Add(start, rest.Length);
                return;
            }

            if (!Add(start, found)) return;
            start += found + 1;
            rest = rest[(found + 1)..];
        }
    }

    /// <summary>Splits a row in which there are quotes, and finds its end.</summary>
    /// <param name="bytes">The bytes at hand.</param>
    /// <param name="start">Where the row begins.</param>
    /// <param name="end">Where the bytes at hand end.</param>
    /// <param name="isFinal">Whether the file ends there.</param>
    /// <param name="delimiter">What stands between fields.</param>
    /// <param name="next">Where the next row begins.</param>
    public QuotedStatus SplitQuoted(byte[] bytes, int start, int end, bool isFinal, byte delimiter, out int next)
    {
        Begin(bytes);
        next = start;
        while (true)
        {
            QuotedStatus status = start < end && bytes[start] == Quote
                ? QuotedField(ref start, end, isFinal, delimiter)
                : BareField(ref start, end, isFinal, delimiter);
            if (status == QuotedStatus.NextField) continue;
            next = start;
            return status;
        }
    }

    void Begin(byte[] bytes)
    {
        _bytes = bytes;
        Count = 0;
        FailedColumn = -1;
    }

    QuotedStatus QuotedField(ref int at, int end, bool isFinal, byte delimiter)
    {
        int start = at + 1;
        bool doubled = false;
        int quote = start;
        while (true)
        {
            int found = _bytes.AsSpan(quote, end - quote).IndexOf(Quote);
            if (found < 0) return isFinal ? QuotedStatus.NotClosed : QuotedStatus.NeedMore;
            quote += found;
            if (quote + 1 == end && !isFinal) return QuotedStatus.NeedMore;
            if (quote + 1 == end || _bytes[quote + 1] != Quote) break;
            doubled = true;
            quote += 2;
        }

        Add(start, quote - start, doubled);
        at = quote + 1;
        return AfterQuote(ref at, end, isFinal, delimiter);
    }

    QuotedStatus AfterQuote(ref int at, int end, bool isFinal, byte delimiter)
    {
        if (at == end) return QuotedStatus.Row;
        byte after = _bytes[at];
        if (after == '\r')
        {
            if (at + 1 == end)
            {
                at = end;
                return isFinal ? QuotedStatus.Row : QuotedStatus.NeedMore;
            }

            at++;
            after = _bytes[at];
            if (after != '\n') return QuotedStatus.TextAfterQuote;
        }

        at++;
        return after == delimiter ? QuotedStatus.NextField : after == '\n' ? QuotedStatus.Row : QuotedStatus.TextAfterQuote;
    }

    QuotedStatus BareField(ref int at, int end, bool isFinal, byte delimiter)
    {
        int found = _bytes.AsSpan(at, end - at).IndexOfAny(delimiter, (byte)'\n');
        if (found < 0 && !isFinal) return QuotedStatus.NeedMore;
        int stop = found < 0 ? end : at + found;
        bool isLast = found < 0 || _bytes[stop] == '\n';
        int length = stop - at;
        if (isLast && length > 0 && _bytes[stop - 1] == '\r') length--;
        Add(at, length);
        at = found < 0 ? end : stop + 1;
        return isLast ? QuotedStatus.Row : QuotedStatus.NextField;
    }

    /// <summary>Keeps a field; false when there are more than can be right.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    bool Add(int start, int length, bool hasDoubledQuotes = false)
    {
        int count = Count;
        if (count == _places.Length && !TryGrow()) return false;
        _places[count] = new Place(start, length, hasDoubledQuotes);
        Count = count + 1;
        return true;
    }

    bool TryGrow()
    {
        if (_places.Length == columnsMax) return false;
        Array.Resize(ref _places, Math.Min(columnsMax, _places.Length * 2));
        return true;
    }

    ReadOnlySpan<byte> Unescape(ReadOnlySpan<byte> text)
    {
        if (_unescaped.Length < text.Length) _unescaped = new byte[Math.Max(text.Length, 256)];
        int length = 0;
        for (int i = 0; i < text.Length; i++)
        {
            _unescaped[length++] = text[i];
            if (text[i] == Quote) i++;
        }

        return _unescaped.AsSpan(0, length);
    }

    readonly record struct Place(int Start, int Length, bool HasDoubledQuotes);
}

/// <summary>What splitting a row with quotes found.</summary>
internal enum QuotedStatus
{
    /// <summary>The whole row.</summary>
    Row,

    /// <summary>A field, and another behind it.</summary>
    NextField,

    /// <summary>The row goes on beyond the bytes at hand.</summary>
    NeedMore,

    /// <summary>The file ends within a quoted field.</summary>
    NotClosed,

    /// <summary>A closing quote is not followed by a delimiter or a line end.</summary>
    TextAfterQuote,
}
