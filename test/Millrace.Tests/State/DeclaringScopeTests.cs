using Millrace.State;
using Millrace.State.Tables;

namespace Millrace.Tests.State;

/// <summary>What a function declares is known before it runs, and checked the same way while planning and while running.</summary>
public sealed class DeclaringScopeTests
{
    public static TheoryData<StateScope> Scopes => [new DeclaringScope(), new KeyedStateScope<long, Int64KeyOps>(() => default)];

    [Fact]
    public void Declarations_OfEveryKind_NameWhatIsStored()
    {
        DeclaringScope scope = new();
        Assert.False(scope.HasEventTimers || scope.HasProcessingTimers);
        scope.Value<string>("v");
        scope.List<long>("l");
        scope.Map<Guid, decimal>("m");
        scope.Reducing<int>("r", Math.Max);
        scope.Aggregating<int, (int, long), double>("a", () => default, (a, _) => a, _ => 0);
        scope.ProcessingTimer("p");
        Assert.True(!scope.HasEventTimers && scope.HasProcessingTimers);
        scope.ProcessingTimerSet("ps");
        scope.EventTimer("e");
        scope.EventTimerSet("es");
        Assert.True(scope.HasEventTimers);
        Assert.Equal(
            [
                new(StateKind.Value, "v", typeof(string)), new(StateKind.List, "l", typeof(long)),
                new(StateKind.Map, "m", typeof(decimal), typeof(Guid)), new(StateKind.Reducing, "r", typeof(int)),
                new(StateKind.Aggregating, "a", typeof((int, long))), new(StateKind.ProcessingTimer, "p"),
                new(StateKind.ProcessingTimerSet, "ps"), new(StateKind.EventTimer, "e"), new(StateKind.EventTimerSet, "es"),
            ],
            scope.Declarations);
    }

    [Theory, MemberData(nameof(Scopes), DisableDiscoveryEnumeration = true)]
    public void Declare_NameTaken_IsRefusedAcrossKinds(StateScope scope)
    {
        scope.Value<int>("owed");
        Action[] all =
        [
            () => scope.Value<int>("owed"), () => scope.List<int>("owed"), () => scope.Map<int, int>("owed"),
            () => scope.Reducing<int>("owed", Math.Max), () => scope.Aggregating("owed", () => 0, (int a, int b) => a + b, a => a),
            () => scope.EventTimer("owed"), () => scope.EventTimerSet("owed"), () => scope.ProcessingTimer("owed"), () => scope.ProcessingTimerSet("owed"),
        ];
        Assert.All(all, declare => Assert.Contains("'owed' is declared twice", Assert.Throws<InvalidOperationException>(declare).Message));
        scope.Value<int>("Owed");
    }

    [Theory, MemberData(nameof(Scopes), DisableDiscoveryEnumeration = true)]
    public void Declare_EmptyName_IsRefused(StateScope scope)
    {
        Assert.Throws<ArgumentException>(() => scope.Value<int>(""));
        Assert.Throws<ArgumentException>(() => scope.EventTimer(" "));
        Assert.Throws<ArgumentNullException>(() => scope.List<int>(null!));
        Assert.Throws<ArgumentNullException>(() => scope.Reducing<int>("r", null!));
        scope.Value<int>("r");
    }

    [Theory, MemberData(nameof(Scopes), DisableDiscoveryEnumeration = true)]
    public void Time_InTheConstructor_IsRefused(StateScope scope)
    {
        Assert.Throws<InvalidOperationException>(() => scope.CurrentWatermark);
        Assert.Throws<InvalidOperationException>(() => scope.CurrentProcessingTime);
    }

    [Fact]
    public void Declare_AfterTheConstructor_IsRefused()
    {
        DeclaringScope planned = new();
        planned.Close();
        Assert.Contains("declare all state and timers in its constructor", Assert.Throws<InvalidOperationException>(() => planned.Value<int>("v")).Message);
        KeyedStateScope<long, Int64KeyOps> running = new(() => new(5));
        running.Close();
        Assert.Throws<InvalidOperationException>(() => running.EventTimer("v"));
        Assert.Equal((Timestamp.None, new Timestamp(5)), (running.CurrentWatermark, running.CurrentProcessingTime));
    }
}
