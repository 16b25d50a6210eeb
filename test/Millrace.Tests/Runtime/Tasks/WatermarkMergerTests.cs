using Millrace.Runtime.Exchange;
using Millrace.Runtime.Tasks;

namespace Millrace.Tests.Runtime.Tasks;

/// <summary>The cases of Flink's StatusWatermarkValveTest, and those of the third state it does not have.</summary>
public sealed class WatermarkMergerTests
{
    // A step is `channel:watermark`, or `channel:idle`, `active`, `end`; what follows the arrow is the output after it, `-` for no change.
    [Theory]
    [InlineData("single rising and falling", 1, "a:0>0 a:25>25 a:18>- a:42>42")]
    [InlineData("single idle", 1, "a:25>25 a:idle>IDLE a:50>- a:active>ACTIVE a:50>50")]
    [InlineData("all needed", 3, "a:0>- b:0>- c:0>0")]
    [InlineData("three rising", 3, "a:0>- b:0>- c:0>0 a:12>- b:8>- c:10>8 b:15>10 c:17>12 a:20>15")]
    [InlineData("three falling", 3, "a:25>- b:10>- c:17>10 a:12>- b:8>- c:15>-")]
    [InlineData("partially idle", 3, "a:15>- b:10>- c:idle>10 b:18>15 a:20>18")]
    [InlineData("all idle flushes the largest", 3, "a:10>- b:5>- c:3>3 a:idle>- b:idle>- c:idle>10,IDLE")]
    [InlineData("all idle, last not holding back", 2, "a:10>- b:5>5 b:idle>10 a:idle>IDLE")]
    [InlineData("idle watermark is not even stored", 2, "a:5>- b:idle>5 b:50>- b:active>- a:6>6")]
    [InlineData("back from idle below the output holds nothing back", 2, "a:10>- b:5>5 b:idle>10 b:active>- b:7>- a:12>12 b:12>- a:13>- b:13>13")]
    [InlineData("all active channels unaligned", 2, "a:10>- b:5>5 b:idle>10 b:active>- a:idle>- b:8>- b:10>- b:11>11")]
    [InlineData("finished and idle", 3, "a:100>- a:end>- b:idle>- c:5>5")]
    [InlineData("finished holds nothing back", 2, "a:5>- b:9>5 a:end>9 b:20>20")]
    [InlineData("finished pushes nothing forward", 2, "a:5>- b:3>3 a:100>- a:end>- b:4>4")]
    [InlineData("end of one while others idle makes nobody late", 2, "a:idle>- b:7>7 b:end>IDLE a:active>ACTIVE a:8>8")]
    [InlineData("all finished", 2, "a:5>- b:6>5 a:end>6 b:end>FINISHED")]
    [InlineData("idle channel finishes", 2, "a:5>- b:idle>5 b:end>- a:6>6 a:end>FINISHED")]
    [InlineData("watermark after the end", 2, "a:5>- b:5>5 a:end>- a:50>- a:active>- a:idle>- b:6>6")]
    [InlineData("back from idle above the output", 3, "a:20>- b:30>- c:10>10 b:idle>- c:idle>20 c:active>- a:idle>- c:11>- c:idle>IDLE b:active>30,ACTIVE b:31>31")]
    public void Merger_FlinkCase_GivesItsOutput(string name, int channels, string script)
    {
        WatermarkMerger merger = new(channels);
        foreach (string step in script.Split(' '))
        {
            string[] parts = step.Split(':', '>');
            (Timestamp before, bool wasIdle) = (merger.Output, merger.IsIdle);
            Apply(merger, parts[0][0] - 'a', parts[1]);
            List<string> news = [];
            if (merger.Output != before) news.Add($"{merger.Output.Ticks}");
            if (merger.IsFinished) news.Add("FINISHED");
            else if (merger.IsIdle != wasIdle) news.Add(merger.IsIdle ? "IDLE" : "ACTIVE");
            Assert.True(parts[2] == (news.Count == 0 ? "-" : string.Join(",", news)), $"{name}: {step} gave {string.Join(",", news)}");
        }
    }

    [Fact]
    public void Merger_RandomEvents_AgreesWithTheRulesReadAloud()
    {
        for (int seed = 0; seed < 3_000; seed++)
        {
            Random random = new(seed);
            int channels = random.Next(1, 5);
            WatermarkMerger merger = new(channels);
            PlainMerger plain = new(channels);
            List<string> history = [];
            for (int step = 0; step < 40; step++)
            {
                int channel = random.Next(channels);
                string what = random.Next(12) switch { 0 or 1 => "idle", 2 or 3 => "active", 4 when random.Next(4) == 0 => "end", _ => $"{random.Next(60)}" };
                history.Add($"{(char)('a' + channel)}:{what}");
                Timestamp before = merger.Output;
                Apply(merger, channel, what);
                plain.Apply(channel, what);
                Assert.True(merger.Output >= before, $"seed {seed}: falls after {string.Join(' ', history)}");
                Assert.True(
                    (plain.Output, plain.IsIdle, plain.IsFinished) == (merger.Output.IsNone ? null : merger.Output.Ticks, merger.IsIdle, merger.IsFinished),
                    $"seed {seed}: {merger.Output.Ticks} but {plain.Output} after {string.Join(' ', history)}");
            }
        }
    }

    static void Apply(WatermarkMerger merger, int channel, string what)
    {
        switch (what)
        {
            case "idle": merger.OnSignal(channel, ChannelSignal.Idle); break;
            case "active": merger.OnSignal(channel, ChannelSignal.Active); break;
            case "end": merger.OnSignal(channel, ChannelSignal.End); break;
            default: merger.OnWatermark(channel, new(long.Parse(what, System.Globalization.CultureInfo.InvariantCulture))); break;
        }
    }

    /// <summary>The seven rules of the reference, written for reading: everything is looked at again after every event.</summary>
    sealed class PlainMerger(int channels)
    {
        readonly (string State, long? Watermark, bool IsAligned)[] _channels = [.. Enumerable.Repeat(("active", (long?)null, true), channels)];

        public long? Output { get; private set; }

        public bool IsFinished => _channels.All(static c => c.State == "end");

        public bool IsIdle => !IsFinished && _channels.All(static c => c.State != "active");

        public void Apply(int at, string what)
        {
            ref var channel = ref _channels[at];
            bool wasActive = channel.State == "active";
            if (channel.State == "end") return;
            if (what is "idle" or "active" or "end")
            {
                if (what == channel.State) return;
                channel.State = what;
                if (what == "active") channel.IsAligned = Output is null || channel.Watermark >= Output;
            }
            else
            {
                if (!wasActive || long.Parse(what, System.Globalization.CultureInfo.InvariantCulture) is var watermark && watermark <= channel.Watermark) return;
                channel.Watermark = long.Parse(what, System.Globalization.CultureInfo.InvariantCulture);
                channel.IsAligned |= channel.Watermark >= Output;
            }

            var counted = _channels.Where(static c => c.State == "active" && c.IsAligned).ToArray();
            if (what == "idle" && wasActive && IsIdle && channel.Watermark == Output) Rise(_channels.Where(static c => c.State == "idle").Max(static c => c.Watermark));
            else if (counted.Length > 0 && counted.All(static c => c.Watermark is not null)) Rise(counted.Min(static c => c.Watermark));
        }

        void Rise(long? watermark)
        {
            if (watermark is not null && (Output is null || watermark > Output)) Output = watermark;
        }
    }
}
