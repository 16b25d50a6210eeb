using Millrace.Runtime.Messages;
using Millrace.Runtime.Tasks;
using Barrier = Millrace.Runtime.Messages.Barrier;

namespace Millrace.Tests.Runtime.Tasks;

public sealed class BarrierAlignerTests
{
    [Fact]
    public void OnBarrier_ByAllChannels_IsPassedOnOnceWithTheLast()
    {
        BarrierAligner aligner = new(3);
        Barrier barrier = Of(1);
        Assert.Null(aligner.OnBarrier(2, barrier));
        Assert.Null(aligner.OnBarrier(0, barrier));
        Assert.True(aligner.IsBlocked(2));
        Assert.True(aligner.IsBlocked(0));
        Assert.False(aligner.IsBlocked(1));
        Assert.Same(barrier, aligner.OnBarrier(1, barrier));
        Assert.False(aligner.IsBlocked(0));
        Assert.Null(aligner.Waiting);
    }

    [Fact]
    public void OnBarrier_AtLeastOnce_BlocksNobody()
    {
        BarrierAligner aligner = new(2);
        Assert.Null(aligner.OnBarrier(0, Of(1, Alignment.AtLeastOnce)));
        Assert.False(aligner.IsBlocked(0));
    }

    [Fact]
    public void OnEnd_OfTheOnlyChannelMissing_PassesTheBarrierOn()
    {
        BarrierAligner aligner = new(2);
        Barrier barrier = Of(1);
        Assert.Null(aligner.OnBarrier(0, barrier));
        Assert.Same(barrier, aligner.OnEnd(1));
    }

    [Fact]
    public void OnBarrier_OfEndedChannelsSiblings_NeedsOnlyThem()
    {
        BarrierAligner aligner = new(2);
        Assert.Null(aligner.OnEnd(1));
        Assert.NotNull(aligner.OnBarrier(0, Of(1)));
        Assert.NotNull(aligner.OnBarrier(0, Of(2)));
    }

    [Fact]
    public void OnBarrier_LaterThanOneThatNeverCame_TakesItsPlace()
    {
        BarrierAligner aligner = new(2);
        Assert.Null(aligner.OnBarrier(0, Of(1)));
        Assert.Null(aligner.OnBarrier(1, Of(2)));
        Assert.False(aligner.IsBlocked(0));
        Assert.NotNull(aligner.OnBarrier(0, Of(2)));
        Assert.Null(aligner.OnBarrier(1, Of(1)));
    }

    [Fact]
    public void Overtake_WhatComesAheadOfTheBarrier_IsInFlightAndNobodyWaits()
    {
        BarrierAligner aligner = new(3);
        Barrier barrier = Of(1, Alignment.Unaligned);
        aligner.OnAnnounced(barrier);
        Assert.Same(barrier, aligner.Waiting);
        aligner.Overtake();
        Assert.True(aligner.IsInFlight(0));
        Assert.Null(aligner.OnBarrier(0, barrier));
        Assert.False(aligner.IsInFlight(0));
        Assert.False(aligner.IsBlocked(0));
        Assert.Null(aligner.OnEnd(1));
        Assert.True(aligner.IsInFlight(2));
        Assert.Same(barrier, aligner.OnBarrier(2, barrier));
        Assert.False(aligner.IsInFlight(2));
    }

    [Fact]
    public void OnAnnounced_WhileAnEarlierBarrierIsAligned_WaitsForItsTurn()
    {
        BarrierAligner aligner = new(2);
        Barrier first = Of(1);
        Assert.Null(aligner.OnBarrier(0, first));
        aligner.OnAnnounced(Timed(2));
        Assert.Same(first, aligner.Waiting);
        Assert.True(aligner.IsBlocked(0));
        Assert.Same(first, aligner.OnBarrier(1, first));
        aligner.OnAnnounced(Timed(2));
        Assert.Equal(2, aligner.Waiting!.Id);
    }

    [Fact]
    public void OnAnnounced_OfABarrierThatNeverOvertakes_LetsTheOneBeforeItPass()
    {
        // Several are under way, and the news of the second is there before the first has come.
        BarrierAligner aligner = new(2);
        aligner.OnAnnounced(Of(2));
        Assert.Null(aligner.OnBarrier(0, Of(1)));
        Assert.Equal(1, aligner.OnBarrier(1, Of(1))!.Id);
        Assert.Null(aligner.OnBarrier(0, Of(2)));
        Assert.Equal(2, aligner.OnBarrier(1, Of(2))!.Id);
    }

    [Fact]
    public void OnAnnounced_AfterOneThatNeverOvertakes_WaitsUntilThatHasPassed()
    {
        BarrierAligner aligner = new(2);
        aligner.OnAnnounced(Of(1));
        aligner.OnAnnounced(Timed(2));
        Assert.Null(aligner.Waiting);
        Assert.Null(aligner.OnBarrier(0, Of(1)));
        Assert.Equal(1, aligner.OnBarrier(1, Of(1))!.Id);
        aligner.OnAnnounced(Timed(2));
        Assert.Equal(2, aligner.Waiting!.Id);
    }

    [Fact]
    public void OnAnnounced_WhileAnEarlierBarrierOvertakes_TakesItsPlace()
    {
        BarrierAligner aligner = new(2);
        aligner.OnAnnounced(Of(1, Alignment.Unaligned));
        aligner.Overtake();
        aligner.OnAnnounced(Of(2, Alignment.Unaligned));
        Assert.Equal(2, aligner.Waiting!.Id);
        Assert.False(aligner.IsOvertaking);
    }

    [Fact]
    public void OnAnnounced_AfterTheBarrierHasPassed_IsNoNews()
    {
        BarrierAligner aligner = new(1);
        Assert.NotNull(aligner.OnBarrier(0, Timed(3)));
        aligner.OnAnnounced(Timed(3));
        Assert.Null(aligner.Waiting);
    }

    static Barrier Timed(long id) => Of(id) with { AlignTimeout = TimeSpan.FromSeconds(1) };

    static Barrier Of(long id, Alignment alignment = Alignment.Aligned) =>
        new(id, 0, alignment, Timeout.InfiniteTimeSpan, IsStop: false, IsDrain: false, IsSavepoint: false);
}
