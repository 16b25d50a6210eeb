namespace Millrace.State.Offline;

/// <summary>Reads a condition by descent, each level of binding in a method. Used once.</summary>
/// <param name="text">The condition.</param>
/// <param name="row">The columns it is about.</param>
sealed class PredicateParser(string text, RowNode row)
{
    const int DepthMax = 200;

    readonly List<Token> _tokens = PredicateTokens.Of(text);
    int _next;
    int _depth;

    Token Current => _tokens[_next];

    public Func<StateValue.Row, bool> Parse()
    {
        Func<StateValue.Row, bool> condition = Or();
        return Current.Kind == TokenKind.End ? condition : throw Wrong("The condition goes on where it should end; join conditions by 'and' or 'or'");
    }

    Func<StateValue.Row, bool> Or()
    {
        Func<StateValue.Row, bool> left = And();
        while (TryWord("or"))
        {
            Func<StateValue.Row, bool> first = left, second = And();
            left = r => first(r) || second(r);
        }

        return left;
    }

    Func<StateValue.Row, bool> And()
    {
        Func<StateValue.Row, bool> left = Not();
        while (TryWord("and"))
        {
            Func<StateValue.Row, bool> first = left, second = Not();
            left = r => first(r) && second(r);
        }

        return left;
    }

    Func<StateValue.Row, bool> Not()
    {
        if (++_depth > DepthMax) throw Wrong("The condition nests too deep");
        Func<StateValue.Row, bool> condition;
        if (TryWord("not"))
        {
            Func<StateValue.Row, bool> inner = Not();
            condition = r => !inner(r);
        }
        else if (TrySign("("))
        {
            condition = Or();
            if (!TrySign(")")) throw Wrong("A ')' is missing");
        }
        else
        {
            condition = Comparison();
        }

        _depth--;
        return condition;
    }

    Func<StateValue.Row, bool> Comparison()
    {
        Operand left = Operand();
        Token sign = Current;
        if (sign.Kind != TokenKind.Sign || sign.Text is not ("=" or "==" or "!=" or "<>" or "<" or "<=" or ">" or ">="))
        {
            if (left.Path is { Node.Core: ScalarNode { Form.Name: "bool" } } flag) return r => flag.Find(r) is StateValue.Scalar { Value: true };
            throw left.Path is { } other
                ? Wrong($"'{other.Text}' is a {other.Node.Text}, and no condition: compare it with = != < <= > or >=")
                : Wrong("A comparison is missing: = != < <= > or >=");
        }

        _next++;
        Operand right = Operand();
        try
        {
            return Comparisons.Of(left, right, sign.Text);
        }
        catch (FormatException e)
        {
            Token at = right.Path is null || left.Path is not null ? right.Token : left.Token;
            throw new PredicateException(e.Message, text, at.At);
        }
    }

    Operand Operand()
    {
        Token token = Current;
        switch (token.Kind)
        {
            case TokenKind.Number or TokenKind.Text:
                _next++;
                return new(token, null);
            case TokenKind.Name when token.Text is "true" or "false" or "null":
                _next++;
                return new(token, null);
            case TokenKind.Name:
                return new(token, Path());
            case TokenKind.End:
                throw Wrong("The condition ends too early: a column, member or value is missing");
            default:
                throw Wrong($"'{token.Text}' stands where a column, member or value belongs");
        }
    }

    ValuePath Path()
    {
        Token first = Take();
        ValuePath path = First(first);
        while (true)
        {
            if (TrySign("."))
            {
                if (Current.Kind != TokenKind.Name) throw Wrong("After '.' the name of a member is missing");
                Token name = Take();
                path = path.Member(name.Text, why => new PredicateException(why, text, name.At));
            }
            else if (TrySign("["))
            {
                if (Current.Kind is not (TokenKind.Number or TokenKind.Text)) throw Wrong("Between '[' and ']' a number or a key in quotes is missing");
                Token index = Take();
                path = path.Index(index.Text, why => new PredicateException(why, text, index.At));
                if (!TrySign("]")) throw Wrong("A ']' is missing");
            }
            else
            {
                return path;
            }
        }
    }

    // A column, or what there is only one of: a member of the value, else of the key.
    ValuePath First(Token name)
    {
        ValuePath whole = new("", row, static r => r);
        if (row.Names.IndexOf(name.Text) >= 0) return whole.Member(name.Text, why => new PredicateException(why, text, name.At));
        foreach (string column in (string[])["value", "key"])
        {
            if (row.Names.IndexOf(column) is >= 0 and var index && ValuePath.HasMember(row.Members[index], name.Text))
                return whole.Member(column, why => new PredicateException(why, text, name.At)).Member(name.Text, why => new PredicateException(why, text, name.At));
        }

        throw new PredicateException($"there is no '{name.Text}': {ValuePath.Choices(row)}", text, name.At);
    }

    Token Take() => _tokens[_next++];

    bool TryWord(string word)
    {
        if (Current.Kind != TokenKind.Name || !Current.Text.Equals(word, StringComparison.OrdinalIgnoreCase)) return false;
        _next++;
        return true;
    }

    bool TrySign(string sign)
    {
        if (Current.Kind != TokenKind.Sign || Current.Text != sign) return false;
        _next++;
        return true;
    }

    PredicateException Wrong(string why) => new(why, text, Current.At);
}

/// <summary>One side of a comparison.</summary>
/// <param name="Token">As it was given.</param>
/// <param name="Path">Where its value is; null when it is a value itself.</param>
readonly record struct Operand(Token Token, ValuePath? Path);
