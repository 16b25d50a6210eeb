namespace Millrace.State.Offline;

/// <summary>What a piece of a condition is.</summary>
enum TokenKind
{
    End,
    Name,
    Number,
    Text,
    Sign,
}

/// <summary>A piece of a condition.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Itself; of a text what is between the quotes.</param>
/// <param name="At">Where it begins.</param>
readonly record struct Token(TokenKind Kind, string Text, int At);

/// <summary>Cuts a condition into pieces.</summary>
static class PredicateTokens
{
    static readonly string[] s_signs = ["<=", ">=", "!=", "<>", "==", "=", "<", ">", "(", ")", "[", "]", "."];

    /// <exception cref="PredicateException">There is what no condition has.</exception>
    public static List<Token> Of(string text)
    {
        List<Token> tokens = [];
        for (int at = 0; at < text.Length;)
        {
            if (char.IsWhiteSpace(text[at]))
            {
                at++;
                continue;
            }

            Token token = Next(text, at, out int end);
            tokens.Add(token);
            at = end;
        }

        tokens.Add(new(TokenKind.End, "", text.Length));
        return tokens;
    }

    static Token Next(string text, int at, out int end)
    {
        char first = text[at];
        if (first is '\'' or '"') return Quoted(text, at, out end);
        bool isSigned = first == '-' && at + 1 < text.Length && char.IsAsciiDigit(text[at + 1]);
        if (char.IsAsciiDigit(first) || isSigned)
        {
            end = at + 1;
            while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] == '.' || IsExponentSign(text, end))) end++;
            return new(TokenKind.Number, text[at..end], at);
        }

        if (IsNameStart(first))
        {
            end = at + 1;
            while (end < text.Length && (IsNameStart(text[end]) || char.IsDigit(text[end]))) end++;
            return new(TokenKind.Name, text[at..end], at);
        }

        string? sign = Array.Find(s_signs, s => string.CompareOrdinal(text, at, s, 0, s.Length) == 0);
        if (sign is null) throw new PredicateException($"'{first}' has no meaning here", text, at);
        end = at + sign.Length;
        return new(TokenKind.Sign, sign, at);
    }

    // A quote within is written twice.
    static Token Quoted(string text, int at, out int end)
    {
        char quote = text[at];
        System.Text.StringBuilder value = new();
        for (end = at + 1; end < text.Length; end++)
        {
            if (text[end] != quote) value.Append(text[end]);
            else if (end + 1 < text.Length && text[end + 1] == quote) value.Append(text[end++]);
            else
            {
                end++;
                return new(TokenKind.Text, value.ToString(), at);
            }
        }

        throw new PredicateException("A text is not ended: the closing quote is missing", text, at);
    }

    static bool IsExponentSign(string text, int at) => text[at] is ('+' or '-') && text[at - 1] is ('e' or 'E');

    static bool IsNameStart(char c) => char.IsLetter(c) || c is '_' or '$';
}
