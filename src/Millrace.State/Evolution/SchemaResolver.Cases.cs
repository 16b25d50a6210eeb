using System.Globalization;
using System.Reflection;
using Millrace.State.Codecs;

namespace Millrace.State.Evolution;

/// <content>Closed hierarchies and enumerations: what was written must have a counterpart, whether it occurs or not.</content>
public sealed partial class SchemaResolver
{
    ReadPlan? Union(SchemaDefinition.Union written, Type type, IReadOnlyList<Type> cases, SchemaUse use)
    {
        ReadPlan.Union plan = new(type);
        _known.Add((written.Name, type, use), plan);
        string name = TypeName.Short(type);
        HashSet<Type> taken = [];
        CaseMatch[] matches = CaseMatching.Of(written.Cases, cases);
        for (int i = 0; i < matches.Length; i++)
        {
            string one = written.Cases[i];
            if (matches[i].Case is not { } match)
            {
                MissingCase(name, one, type, matches[i].IsAmbiguous);
                continue;
            }

            if (FormerNames.Fit(one, match) == 1) Change($"{name}", $"reads case {FormerNames.Short(one)} as {TypeName.Short(match)}");
            if (!taken.Add(match) && use != SchemaUse.Value)
            {
                Problem(name, one, type, $"reads case {FormerNames.Short(one)} as {TypeName.Short(match)}, which another one is read as too, so that different ones could become one", "keep both cases");
                continue;
            }

            if (Body(new SchemaType.Named(one), match, TypeName.Short(match), use, isOld: false) is { } read) plan.Cases.Add(read);
        }

        foreach (Type one in cases.Where(c => !taken.Contains(c))) Change(name, $"has the new case {TypeName.Short(one)}");
        return plan;
    }

    void MissingCase(string name, string one, Type type, bool isAmbiguous)
    {
        string was = FormerNames.Short(one);
        if (isAmbiguous) Problem(name, one, type, $"has more than one case that {one} may be now", $"mark the one that it is with [FormerName(\"{FormerNames.Plain(one)}\")]");
        else Problem(name, one, type, $"has no case {was} any more, and what was written may have it", $"declare it again, or mark the case that takes its place with [FormerName(\"{was}\")]");
    }

    ReadPlan? Enumeration(SchemaDefinition.Enumeration written, Type type, string path, SchemaUse use)
    {
        string name = TypeName.Short(type);
        Type? underlying = ScalarWidening.TypeOf(written.Underlying);
        if (underlying is null) return Mismatch(new SchemaType.Named(written.Name), type, path, use, $"has the unknown numbers {written.Underlying}");
        Dictionary<string, Int128> own = NumbersOf(type);
        Dictionary<Int128, Int128> numbers = [];
        foreach (SchemaEnumValue value in written.Values)
        {
            Int128 was = Int128.Parse(value.Number, CultureInfo.InvariantCulture);
            string? now = own.ContainsKey(value.Name) ? value.Name : RenamedTo(type, value.Name);
            if (now is null)
            {
                Problem(name, value.Name, type, $"has no {value.Name} any more, and what was written may have it", $"declare it again, or mark the name that takes its place with [FormerName(\"{value.Name}\")]");
                continue;
            }

            if (now != value.Name) Change($"{name}.{now}", $"renamed from {value.Name}");
            if (own[now] != was) Change($"{name}.{now}", $"has the number {own[now]} and had {was}");
            if (numbers.TryGetValue(was, out Int128 other) && other != own[now])
                Problem(name, value.Name, type, $"has several numbers for what was {was}, which had more than one name", "give those names one number again");
            numbers[was] = own[now];
        }

        foreach (string added in own.Keys.Where(n => written.Values.All(v => v.Name != n && RenamedTo(type, v.Name) != n))) Change($"{name}.{added}", "new");
        bool hasMoved = numbers.Any(static n => n.Key != n.Value);
        if (hasMoved) RequireMovable(written, type, name, numbers, use);
        string numbersNow = ScalarEncoding.Find(type.GetEnumUnderlyingType())!.Name;
        if (numbersNow == written.Underlying) return new ReadPlan.Enumeration(type, underlying, hasMoved ? numbers : null);
        if (!ScalarWidening.IsExact(written.Underlying, numbersNow)) return Mismatch(new SchemaType.Scalar(written.Underlying), type, name, use, $"had numbers of {written.Underlying} and has {numbersNow}, which does not hold all of them");
        Change(name, $"widened from {written.Underlying} to {numbersNow}");
        return new ReadPlan.Enumeration(type, underlying, hasMoved ? numbers : null);
    }

    void RequireMovable(SchemaDefinition.Enumeration written, Type type, string name, Dictionary<Int128, Int128> numbers, SchemaUse use)
    {
        if (use == SchemaUse.Key) Problem(name, written.Name, type, "has other numbers, which are the hash of keys", "keep the numbers that names of keys have");
        else if (type.IsDefined(typeof(FlagsAttribute))) Problem(name, written.Name, type, "is [Flags] and has other numbers, and what was written may combine them", "keep the numbers");
        else if (use == SchemaUse.Distinct && numbers.Values.Distinct().Count() != numbers.Count) Problem(name, written.Name, type, "reads two names as one, which tell entries apart", "keep both names");
    }

    static string? RenamedTo(Type type, string was) =>
        type.GetFields(BindingFlags.Public | BindingFlags.Static).FirstOrDefault(f => FormerNames.Of(f).Contains(was))?.Name;

    static Dictionary<string, Int128> NumbersOf(Type type) => type.GetFields(BindingFlags.Public | BindingFlags.Static)
        .ToDictionary(static f => f.Name, f => Int128.Parse(Enum.Format(type, f.GetValue(null)!, "D"), CultureInfo.InvariantCulture), StringComparer.Ordinal);
}
