using Millrace.State.Codecs;
using Millrace.State.Snapshots;

namespace Millrace.State.Evolution;

/// <summary>Finds out how a state that was written is read as one that is declared. Pure.</summary>
public static class StateResolver
{
    /// <summary>Resolves the key, the sub-key and the value of a state. How long it is kept does not count: that changes no byte of what is read.</summary>
    /// <param name="written">The state as it was written.</param>
    /// <param name="declared">The state as the program declares it; its schemas are made of types.</param>
    public static SchemaResolution Resolve(StateSchema written, StateSchema declared)
    {
        ArgumentNullException.ThrowIfNull(written);
        ArgumentNullException.ThrowIfNull(declared);
        if (written.Layout != declared.Layout || written.Kind != declared.Kind)
        {
            string was = What(written), now = What(declared);
            return new([], [new(written.Name, was, now, $"was {was} and is declared as {now}", "declare it as it was, or under another name")]);
        }

        List<SchemaChange> changes = [];
        List<SchemaProblem> problems = [];
        Add(written.Key, declared.Key, SchemaUse.Key, "key");
        Add(written.Sub, declared.Sub, SchemaUse.Distinct, written.Kind == "map" ? "map key" : "sub-key");
        Add(written.Value, declared.Value, SchemaUse.Value, "value");
        return new(changes, problems);

        void Add(TypeSchema? was, TypeSchema? now, SchemaUse use, string role)
        {
            if (was is null && now is null) return;
            if (was is not null && was.Equals(now)) return;
            if (was is null || now?.Origin is null)
            {
                problems.Add(new(role, $"{was?.Root}", $"{now?.Root}", $"was {was?.Root.ToString() ?? "absent"} and is {now?.Root.ToString() ?? "absent"}", "declare the state under another name"));
                return;
            }

            SchemaResolution part = SchemaResolver.Resolve(was, now.Origin, use, role);
            // Entries of maps are written with their order, which people do not know of.
            changes.AddRange(part.Changes.Select(c => c with { Path = c.Path.Replace("value.Item2", "value", StringComparison.Ordinal) }));
            problems.AddRange(part.Problems.Select(p => p with { Path = p.Path.Replace("value.Item2", "value", StringComparison.Ordinal) }));
        }
    }

    /// <summary>Resolves what a transactional sink has prepared.</summary>
    /// <param name="written">Its type as it was written.</param>
    /// <param name="declared">Its type in the program; a schema that was made of a type.</param>
    /// <exception cref="ArgumentException">The declared schema was read, and not made of a type.</exception>
    public static SchemaResolution ResolvePrepared(TypeSchema written, TypeSchema declared)
    {
        ArgumentNullException.ThrowIfNull(written);
        ArgumentNullException.ThrowIfNull(declared);
        Type type = declared.Origin ?? throw new ArgumentException("it was read; give the schema of a type of the program", nameof(declared));
        return SchemaResolver.Resolve(written, type, SchemaUse.Value, "prepared transaction");
    }

    // "a list" of a keyed function and of an operator are different things.
    static string What(StateSchema schema) => schema.Layout == StateLayout.Keyed ? $"a {schema.Kind}" : $"a {schema.Kind} ({schema.Layout.ToString().ToLowerInvariant()})";
}
