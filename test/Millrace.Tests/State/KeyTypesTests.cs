using Millrace.State;

namespace Millrace.Tests.State;

/// <summary>Types whose equality the hash cannot follow are refused, all problems at once, each with path and cure.</summary>
public sealed class KeyTypesTests
{
    [Theory]
    [InlineData(typeof(int[]), "int[] is a collection")]
    [InlineData(typeof(List<int>), "is a collection")]
    [InlineData(typeof(object), "does not say which values")]
    [InlineData(typeof(IComparable), "does not say which values")]
    [InlineData(typeof(int?), "filter the records without it before KeyBy")]
    [InlineData(typeof(Action), "use data, not code")]
    [InlineData(typeof(PlainClass), "has no value equality; declare it as `sealed record`")]
    [InlineData(typeof(PlainStruct), "declare it as `readonly record struct`")]
    [InlineData(typeof(OwnEquals), "has a hand-written Equals")]
    [InlineData(typeof(OwnRecordEquals), "has a hand-written Equals")]
    [InlineData(typeof(OwnRecordHash), "has a hand-written Equals, GetHashCode")]
    [InlineData(typeof(OwnStructEquals), "has a hand-written Equals")]
    [InlineData(typeof(OwnContract), "EqualityContract")]
    [InlineData(typeof(Settable), "KeyTypesTests.Settable.Name: string can be changed")]
    [InlineData(typeof(PublicField), "PublicField.Count: int can be changed")]
    [InlineData(typeof(Chain), "KeyTypesTests.Chain.Next: Millrace.Tests.State.KeyTypesTests.Chain contains itself")]
    [InlineData(typeof(Open), "is abstract")]
    [InlineData(typeof(PartlyLost), "KeyTypesTests.PartlyLost.Note: string is not stored, so that the key would be another after a restore; remove [NotStored], or leave it out of the key")]
    [InlineData(typeof((int, Uri)), "ValueTuple<int, System.Uri>.Item2: System.Uri has a hand-written Equals")]
    [InlineData(typeof(KeyValuePair<int, int>), "readonly record struct")]
    public void Problems_OfUnsupportedType_NameMemberAndCure(Type type, string part) =>
        Assert.Contains(part, Assert.Single(KeyTypes.Problems(type)).ToString(), StringComparison.Ordinal);

    [Theory]
    [InlineData(typeof(string)), InlineData(typeof(Tuple<int, string?>)), InlineData(typeof(SettableStruct)), InlineData(typeof(Unsealed))]
    [InlineData(typeof((DateTime, (TimeOnly?, Unsealed?)))), InlineData(typeof(DayOfWeek)), InlineData(typeof(PartlyMade))]
    public void Problems_OfSupportedType_AreNone(Type type) => Assert.Empty(KeyTypes.Problems(type));

    [Fact]
    public void Of_TypeWithSeveralProblems_ThrowsWithAll()
    {
        UnsupportedTypeException error = Assert.Throws<UnsupportedTypeException>(() => KeyTypes.Of<Many>());
        Assert.Equal(["Many.Callback", "Many.Inner.Parts", "Many.Tags"], error.Problems.Select(p => p.Path[(nameof(KeyTypesTests).Length + 1)..]));
        Assert.StartsWith("Millrace.Tests.State.KeyTypesTests.Many cannot be a key:", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Accept_OfInteger_GivesItsStruct() => Assert.Equal(typeof(Int64KeyOps), KeyTypes.Of<long>().Accept(new OpsNamer<long>()));

    [Fact]
    public void Accept_OfEnum_GivesTheStructOfItsNumber() =>
        Assert.Equal(typeof(EnumKeyOps<DayOfWeek, int, Int32KeyOps>), KeyTypes.Of<DayOfWeek>().Accept(new OpsNamer<DayOfWeek>()));

    [Fact]
    public void Of_SameType_IsTheSameObject() => Assert.Same(KeyTypes.Of<(int, string)>(), KeyTypes.Of<(int, string)>());

    sealed class OpsNamer<TKey> : IKeyOpsVisitor<TKey, Type>
    {
        public Type Visit<TOps>() where TOps : struct, IKeyOps<TKey> => typeof(TOps);
    }

    sealed class PlainClass;
    struct PlainStruct { public int X { get; set; } }
    sealed class OwnEquals
    {
        public override bool Equals(object? obj) => obj is OwnEquals;
        public override int GetHashCode() => 1;
    }

    sealed record OwnRecordEquals(string Name)
    {
        public bool Equals(OwnRecordEquals? other) => string.Equals(Name, other?.Name, StringComparison.OrdinalIgnoreCase);
        public override int GetHashCode() => 1;
    }

    sealed record OwnRecordHash(string Name)
    {
        public override int GetHashCode() => 1;
    }

    readonly record struct OwnStructEquals(string Name)
    {
        public bool Equals(OwnStructEquals other) => true;
        public override int GetHashCode() => 1;
    }

    record OwnContract(string Name)
    {
        protected virtual Type EqualityContract => typeof(object);
    }

    sealed record Settable { public string Name { get; set; } = ""; }
    sealed record PublicField { public int Count = 1; }
    sealed record Chain(int Value, Chain? Next);
    abstract record Open(int X);
    record Unsealed(int X);
    sealed record PartlyLost(int Id) { [NotStored] public string? Note { get; init; } }
    sealed record PartlyMade(string Name) { [NotStored] public string Upper { get; } = Name.ToUpperInvariant(); }
    record struct SettableStruct(int X, string Y);
    sealed record Many(Action Callback, string[] Tags, Inner Inner, int Fine);
    sealed record Inner(List<int> Parts);
}
