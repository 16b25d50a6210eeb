using Millrace.State.Codecs;

namespace Millrace.State.Evolution;

/// <content>Rows: classes, structs, records, tuples.</content>
public sealed partial class SchemaResolver
{
    ReadPlan? Tuple(SchemaType.Tuple written, Type type, RowShape shape, string path, SchemaUse use)
    {
        int was = LengthOf(written), now = LengthOf(SchemaParts.Present(SchemaBuilder.Of(type).Root));
        if (was != now)
        {
            return Problem(path, written.ToString(), type, $"was a tuple of {was} items and is one of {now}, which have no names to tell them by",
                use == SchemaUse.Value ? $"declare it with {was} items again, or declare a record and make it from the tuple with IUpgrade" : CureOf(use, $"declare it with {was} items again"));
        }

        ReadPlan.Row plan = new(type, shape);
        for (int i = 0; i < written.Items.Length; i++) AddStep(plan, written.Items[i], i, $"{path}.{shape.Members[i].Name}", use);
        return plan;
    }

    // The eighth item of a tuple is the tuple of the rest. A class may be given anything else there.
    static int LengthOf(SchemaType type) => type switch
    {
        SchemaType.Tuple { Items: { Length: 8 } items } => 7 + LengthOf(SchemaParts.Present(items[7])),
        SchemaType.Tuple tuple => tuple.Items.Length,
        _ => 1,
    };

    ReadPlan? Row(SchemaDefinition.Row written, Type type, RowShape shape, SchemaUse use)
    {
        ReadPlan.Row plan = new(type, shape);
        _known.Add((written.Name, type, use), plan);
        string name = TypeName.Short(type);
        int[] members = Match(written, type, shape, name);
        for (int i = 0; i < members.Length; i++)
        {
            SchemaMember member = written.Members[i];
            if (members[i] >= 0) AddStep(plan, member.Type, members[i], $"{name}.{shape.Members[members[i]].Name}", use);
            else Drop(plan, member, type, name, use);
        }

        Tell(written, shape, members, name, type, use);
        for (int i = 0; i < shape.Members.Count; i++)
        {
            if (!members.Contains(i)) Add(plan, i, name, use);
        }

        return plan;
    }

    /// <summary>The member that each written one is read into, -1 for none: by its name, otherwise by a former one.</summary>
    int[] Match(SchemaDefinition.Row written, Type type, RowShape shape, string name)
    {
        int[] found = [.. written.Members.Select(w => shape.Members.ToList().FindIndex(m => m.Name == w.Name))];
        for (int i = 0; i < found.Length; i++)
        {
            if (found[i] >= 0) continue;
            string was = written.Members[i].Name;
            int[] claims = [.. Enumerable.Range(0, shape.Members.Count).Where(m => !found.Contains(m) && FormerNamesOf(shape, m).Contains(was))];
            if (claims.Length > 1) Problem($"{name}.{was}", was, type, $"is the former name of {string.Join(" and ", claims.Select(c => shape.Members[c].Name))}", "give it to one of them");
            if (claims.Length > 0) found[i] = claims[0];
        }

        return found;
    }

    // An attribute of a positional record goes to the parameter unless it says otherwise.
    static IEnumerable<string> FormerNamesOf(RowShape shape, int member)
    {
        int place = shape.Arguments.ToList().IndexOf(member);
        IEnumerable<string> names = FormerNames.Of(shape.Members[member].Member);
        return place < 0 ? names : names.Concat(FormerNames.Of(shape.Constructor!.GetParameters()[place]));
    }

    void AddStep(ReadPlan.Row plan, SchemaType written, int member, string path, SchemaUse use)
    {
        Type type = plan.Shape.Members[member].Type;
        if (written is SchemaType.Optional marked && type.IsValueType && !TypeShape.Of(type).NeedsPresence(type))
        {
            AddRequired(plan, marked, member, path, use);
            return;
        }

        ReadPlan? read = Whole(written, type, path, use);
        plan.Steps.Add(new(member, written is SchemaType.Optional, read is ReadPlan.Optional optional ? optional.Inner : read, SchemaParts.Present(written)));
    }

    /// <summary>A member that may have been absent and cannot be any more: its stated default takes that place.</summary>
    void AddRequired(ReadPlan.Row plan, SchemaType.Optional written, int member, string path, SchemaUse use)
    {
        const string reason = "may have been absent and cannot be any more";
        Type type = plan.Shape.Members[member].Type;
        string again = $"declare it as {TypeName.Short(type)}? again";
        MissingMember? stated = use == SchemaUse.Value && !TypeShape.IsTuple(plan.Type) ? MissingMember.StatedOf(plan.Shape, member) : null;
        if (use != SchemaUse.Value) Problem(path, written.ToString(), type, $"{reason}, so that different ones could become one", again);
        else if (stated is null) Problem(path, written.ToString(), type, reason, TypeShape.IsTuple(plan.Type) ? again : $"{again}, or state what takes the place of null with [DefaultValue(…)]");
        else if (stated.Value.Problem is not null) Problem(path, written.ToString(), type, $"{reason}, and its stated default is no {TypeName.Short(type)}", "state one of its type");
        else
        {
            plan.Defaults.Add(member, stated.Value.Value);
            Change(path, $"may not be absent any more, {stated.Value.Text} where it was");
        }

        plan.Steps.Add(new(member, true, Whole(written.Inner, type, path, use), written.Inner));
    }

    void Drop(ReadPlan.Row plan, SchemaMember member, Type type, string name, SchemaUse use)
    {
        string path = $"{name}.{member.Name}";
        plan.Steps.Add(new(-1, member.Type is SchemaType.Optional, null, SchemaParts.Present(member.Type)));
        if (use == SchemaUse.Value) Change(path, "removed");
        else if (use == SchemaUse.Key) Problem(path, member.Type.ToString(), type, "is gone from a key, so that different keys would be one and have another hash", $"keep it in the key, or {Rekey}");
        else Problem(path, member.Type.ToString(), type, "is gone from what tells entries apart, so that different ones would be one", "keep it");
    }

    void Add(ReadPlan.Row plan, int member, string name, SchemaUse use)
    {
        string path = $"{name}.{plan.Shape.Members[member].Name}";
        Type type = plan.Shape.Members[member].Type;
        if (use == SchemaUse.Key)
        {
            Problem(path, "nothing", type, "is new in a key, whose hash is another with it, so that rows would be in the wrong place", $"leave it out of the key, or {Rekey}");
            return;
        }

        MissingMember missing = MissingMember.Of(plan.Shape, member);
        if (missing.Problem is { } reason)
        {
            Problem(path, "nothing", type, reason, missing.Cure!);
            return;
        }

        if (missing.IsSet) plan.Defaults.Add(member, missing.Value);
        Change(path, $"new, {missing.Text}");
    }

    void Tell(SchemaDefinition.Row written, RowShape shape, int[] members, string name, Type type, SchemaUse use)
    {
        for (int i = 0; i < members.Length; i++)
        {
            if (members[i] >= 0 && shape.Members[members[i]].Name != written.Members[i].Name) Change($"{name}.{shape.Members[members[i]].Name}", $"renamed from {written.Members[i].Name}");
        }

        int[] kept = [.. members.Where(static m => m >= 0)];
        if (!kept.SequenceEqual(kept.Order())) Change(name, "has its members in another order");
        if (use != SchemaUse.Key || kept.Length != members.Length) return;

        // The words of members are folded in the order of their names (decision 0002).
        IEnumerable<int> before = Enumerable.Range(0, members.Length).OrderBy(i => written.Members[i].Name, StringComparer.Ordinal).Select(i => members[i]);
        IEnumerable<int> after = Enumerable.Range(0, members.Length).Select(i => members[i]).OrderBy(m => shape.Members[m].Name, StringComparer.Ordinal);
        bool isPlain = GeneratedEquality.FieldsOf(type).Length == shape.Members.Count;
        if (!isPlain || !before.SequenceEqual(after))
        {
            Problem(name, written.Name, type, isPlain ? "has a renamed member that changes the order of names, and with it the hash of keys" : "has members that are not stored, so that its hash cannot be compared",
                $"keep the names of members of keys, or {Rekey}");
        }
    }
}
