using System.Globalization;

namespace Millrace.State.Offline;

/// <summary>A way from a row to a value in it, found out by schema. Immutable.</summary>
/// <param name="Text">As people write it.</param>
/// <param name="Node">The type of what is there.</param>
/// <param name="Find">Goes the way; absent where a part of it is.</param>
sealed record ValuePath(string Text, ValueNode Node, Func<StateValue, StateValue> Find)
{
    const string Count = "count";

    /// <summary>Whether values of a type have a member of the name.</summary>
    public static bool HasMember(ValueNode node, string name) => node.Core switch
    {
        RowNode row => row.Names.IndexOf(name) >= 0,
        UnionNode union => name == StateValue.Row.CaseMember || union.Cases.Any(c => c.Names.IndexOf(name) >= 0),
        _ => false,
    };

    /// <summary>What there is to choose from, as a sentence.</summary>
    public static string Choices(ValueNode node) => node.Core switch
    {
        RowNode row => $"there are {string.Join(", ", row.Names.Members)}",
        UnionNode union => $"there are {string.Join(", ", union.Cases.SelectMany(static c => c.Names.Members).Distinct(StringComparer.Ordinal).Prepend(StateValue.Row.CaseMember))}",
        ListNode or MapNode => $"it is a {node.Text}: [0] or ['key'] is what is in it, .{Count} how many there are",
        _ => $"it is a {node.Text}, which has no members",
    };

    /// <summary>The way to a member.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="wrong">Makes the error when there is none.</param>
    public ValuePath Member(string name, Func<string, Exception> wrong)
    {
        string text = Text.Length == 0 ? name : $"{Text}.{name}";
        Func<StateValue, StateValue> find = Find;
        switch (Node.Core)
        {
            case RowNode row when row.Names.IndexOf(name) is >= 0 and var index:
                return new(text, row.Members[index], r => find(r) is StateValue.Row found ? found.Values[index] : StateValue.Absent);
            case UnionNode when name == StateValue.Row.CaseMember:
                return new(text, Scalar("string"), r => find(r) is StateValue.Row { Case: { } named } ? StateValue.Scalar.Of(named) : StateValue.Absent);
            case UnionNode union when union.Cases.FirstOrDefault(c => c.Names.IndexOf(name) >= 0) is { } first:
                ValueNode type = first.Members[first.Names.IndexOf(name)];
                if (union.Cases.Any(c => c.Names.IndexOf(name) is >= 0 and var there && c.Members[there].Core.Text != type.Core.Text))
                    throw wrong($"'{name}' has other types in other cases of {union.Text}, and cannot be asked of all of them");
                return new(text, type, r => find(r) is StateValue.Row found && IndexIn(found, name) is >= 0 and var there ? found.Values[there] : StateValue.Absent);
            case ListNode or MapNode when name == Count:
                return new(text, Scalar("int32"), r => CountOf(find(r)));
            default:
                throw wrong($"{(Text.Length == 0 ? "the row" : $"'{Text}'")} has no member '{name}': {Choices(Node)}");
        }
    }

    /// <summary>The way to an element of a list, or to the value of a key of a map.</summary>
    /// <param name="index">The position from 0, or the key.</param>
    /// <param name="wrong">Makes the error when there is none.</param>
    public ValuePath Index(string index, Func<string, Exception> wrong)
    {
        string text = $"{Text}[{index}]";
        Func<StateValue, StateValue> find = Find;
        switch (Node.Core)
        {
            case ListNode list when int.TryParse(index, NumberStyles.None, CultureInfo.InvariantCulture, out int position):
                return new(text, list.Element, r => find(r) is StateValue.List found && position < found.Items.Count ? found.Items[position] : StateValue.Absent);
            case MapNode map:
                StateValue key = KeyOf(map, index, wrong);
                return new(text, map.Value, r => find(r) is StateValue.Map found ? ValueOf(found, key) : StateValue.Absent);
            case ListNode:
                throw wrong($"'{index}' is not a position in the list '{Text}': give a number from 0");
            default:
                throw wrong($"'{Text}' is a {Node.Text}, and has nothing at [{index}]");
        }
    }

    static ScalarNode Scalar(string name) => new(ScalarForm.OfName(name)!);

    static int IndexIn(StateValue.Row row, string name)
    {
        for (int i = 0; i < row.Names.Count; i++)
            if (row.Names[i] == name) return i;
        return -1;
    }

    static StateValue CountOf(StateValue value) => value switch
    {
        StateValue.List list => StateValue.Scalar.Of(list.Items.Count),
        StateValue.Map map => StateValue.Scalar.Of(map.Entries.Count),
        _ => StateValue.Absent,
    };

    static StateValue KeyOf(MapNode map, string text, Func<string, Exception> wrong)
    {
        try
        {
            return TextValues.Parse(map.Key, text);
        }
        catch (FormatException e)
        {
            throw wrong(e.Message);
        }
    }

    static StateValue ValueOf(StateValue.Map map, StateValue key)
    {
        foreach ((StateValue name, StateValue value) in map.Entries)
            if (name.Equals(key)) return value;
        return StateValue.Absent;
    }
}

/// <summary>Comparisons, checked by type before the first row is read.</summary>
static class Comparisons
{
    /// <exception cref="FormatException">The sides cannot be compared.</exception>
    public static Func<StateValue, bool> Of(Operand left, Operand right, string sign)
    {
        if (left.Path is null && right.Path is null) throw new FormatException("two values are compared, which is always the same: name a column or member");
        if (left.Path is null) return Of(right, left, Turned(sign));
        ValuePath path = left.Path;
        if (right.Path is { } other) return OfPaths(path, other, sign);
        if (right.Token is { Kind: TokenKind.Name, Text: "null" })
        {
            return sign switch
            {
                "=" or "==" => r => path.Find(r).IsAbsent,
                "!=" or "<>" => r => !path.Find(r).IsAbsent,
                _ => throw new FormatException("null is neither less nor greater than anything: use = or !="),
            };
        }

        StateValue value = ValueOf(path, right.Token);
        RequireOrder(path, sign);
        return r => Holds(path.Find(r), value, sign);
    }

    static Func<StateValue, bool> OfPaths(ValuePath left, ValuePath right, string sign)
    {
        bool isSame = left.Node.Core is ScalarNode a && right.Node.Core is ScalarNode b ? a.Form == b.Form : left.Node.Core.Text == right.Node.Core.Text;
        if (!isSame) throw new FormatException($"'{left.Text}' is a {left.Node.Text} and '{right.Text}' a {right.Node.Text}: they cannot be compared");
        RequireOrder(left, sign);
        return r => Holds(left.Find(r), right.Find(r), sign);
    }

    static StateValue ValueOf(ValuePath path, Token token)
    {
        bool isFlag = token is { Kind: TokenKind.Name };
        switch (path.Node.Core)
        {
            case ScalarNode scalar when isFlag != (scalar.Form.Shape == JsonShape.Boolean) || (token.Kind == TokenKind.Number && !IsNumber(scalar.Form)):
                throw new FormatException($"'{path.Text}' is a {path.Node.Text}, and cannot be compared with {(token.Kind == TokenKind.Text ? $"'{token.Text}'" : token.Text)}{(IsNumber(scalar.Form) || isFlag ? "" : ": put it in quotes")}");
            case ScalarNode or EnumerationNode when !isFlag || path.Node.Core is ScalarNode:
                return TextValues.Parse(path.Node, token.Text);
            default:
                throw new FormatException($"'{path.Text}' is a {path.Node.Text}, of which only parts can be compared: {ValuePath.Choices(path.Node)}");
        }
    }

    static bool IsNumber(ScalarForm form) => form.Shape == JsonShape.Number || form.Name is "int128" or "uint128" or "biginteger";

    static void RequireOrder(ValuePath path, string sign)
    {
        bool isOrder = sign is "<" or "<=" or ">" or ">=";
        if (isOrder && path.Node.Core is not (ScalarNode { Form: { IsOrdered: true, Shape: not JsonShape.Boolean } } or EnumerationNode))
            throw new FormatException($"values of '{path.Text}', a {path.Node.Text}, have no order: use = or !=");
    }

    static bool Holds(StateValue left, StateValue right, string sign)
    {
        if (sign is "=" or "==") return AreEqual(left, right);
        if (sign is "!=" or "<>") return !AreEqual(left, right);
        if (Compare(left, right) is not { } order) return false;
        return sign switch { "<" => order < 0, "<=" => order <= 0, ">" => order > 0, _ => order >= 0 };
    }

    // Times are compared as moments here; a row that changes its offset from UTC has changed, and yet is at the same time.
    static bool AreEqual(StateValue left, StateValue right) =>
        left is StateValue.Scalar { Form.IsOrdered: true } && Compare(left, right) is { } order ? order == 0 : left.Equals(right);

    static int? Compare(StateValue left, StateValue right) => (left, right) switch
    {
        (StateValue.Scalar a, StateValue.Scalar b) when a.Form == b.Form && !IsNaN(a) && !IsNaN(b) => a.Form.Compare(a.Value, b.Value),
        (StateValue.Enumeration a, StateValue.Enumeration b) => a.Number.CompareTo(b.Number),
        _ => null,
    };

    static bool IsNaN(StateValue.Scalar scalar) => scalar.Value is double.NaN or float.NaN || (scalar.Value is Half half && Half.IsNaN(half));

    static string Turned(string sign) => sign switch { "<" => ">", "<=" => ">=", ">" => "<", ">=" => "<=", _ => sign };
}
