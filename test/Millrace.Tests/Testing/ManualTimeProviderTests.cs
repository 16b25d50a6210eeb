using Millrace.Testing;

namespace Millrace.Tests.Testing;

public sealed class ManualTimeProviderTests
{
    [Fact]
    public void Timers_OnTheWay_FireInOrderAtTheirTimes()
    {
        ManualTimeProvider time = new();
        List<string> fired = [];
        Set("c", 30, Timeout.InfiniteTimeSpan);
        Set("b", 10, TimeSpan.FromSeconds(15));
        Set("a", 10, Timeout.InfiniteTimeSpan);
        time.Advance(TimeSpan.FromSeconds(40));
        Assert.Equal(["b@10", "a@10", "b@25", "c@30", "b@40"], fired);
        Assert.Equal(ManualTimeProvider.DefaultStart.AddSeconds(40), time.GetUtcNow());

        void Set(string name, int seconds, TimeSpan period) =>
            time.CreateTimer(_ => fired.Add($"{name}@{(time.GetUtcNow() - ManualTimeProvider.DefaultStart).TotalSeconds}"), null, TimeSpan.FromSeconds(seconds), period);
    }

    [Fact]
    public void Timer_ChangedOrDisposed_FollowsTheLastWord()
    {
        ManualTimeProvider time = new();
        int fired = 0;
        var timer = time.CreateTimer(_ => fired++, null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        timer.Change(TimeSpan.FromSeconds(5), Timeout.InfiniteTimeSpan);
        time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(0, fired);
        Assert.Equal(ManualTimeProvider.DefaultStart.AddSeconds(5), time.NextTimer);
        timer.Dispose();
        time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(0, fired);
        Assert.Null(time.NextTimer);
        Assert.False(timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan));
    }

    [Fact]
    public void Timer_DueAtOnce_FiresWhenSet()
    {
        ManualTimeProvider time = new();
        int fired = 0;
        time.CreateTimer(_ => fired++, null, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Assert.Equal(1, fired);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(3, fired);
    }

    [Fact]
    public async Task Delay_OnTheClock_EndsWhenItIsMoved()
    {
        ManualTimeProvider time = new();
        Task delay = Task.Delay(TimeSpan.FromMinutes(1), time);
        time.Advance(TimeSpan.FromSeconds(59));
        Assert.False(delay.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));
        await delay;
    }

    [Fact]
    public void Clock_NeverGoesBack()
    {
        ManualTimeProvider time = new();
        Assert.Throws<ArgumentOutOfRangeException>(() => time.SetUtcNow(ManualTimeProvider.DefaultStart.AddSeconds(-1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => time.Advance(TimeSpan.FromTicks(-1)));
    }

    [Theory]
    [InlineData("12:15", "12:15")]
    [InlineData("00:00", "00:00")]
    [InlineData("12:15:07.5", "12:15:07.5")]
    [InlineData("2000-01-01T12:15:00Z", "12:15")]
    [InlineData("2000-01-02T12:15:00Z", "2000-01-02T12:15:00Z")]
    [InlineData("1969-12-31", "1969-12-31T00:00:00Z")]
    public void TestTime_ReadAndShown_IsTheSameMoment(string text, string shown) => Assert.Equal(shown, TestTime.Show(TestTime.At(text)));

    [Theory]
    [InlineData("noon")]
    [InlineData("")]
    [InlineData("12")]
    public void TestTime_AnythingElse_IsRefused(string text) => Assert.Throws<FormatException>(() => TestTime.At(text));
}
