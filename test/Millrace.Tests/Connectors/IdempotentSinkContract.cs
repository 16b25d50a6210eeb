using Millrace.Testing.Contracts;

namespace Millrace.Tests.Connectors;

/// <summary>What every idempotent sink promises: the test kit's contract, one test per part. A sink is one subclass.</summary>
public abstract class IdempotentSinkContract<T>
{
    /// <summary>A new, empty target.</summary>
    protected abstract ValueTask<IdempotentSinkTarget<T>> CreateAsync();

    /// <summary>Records with different keys.</summary>
    protected abstract IReadOnlyList<T> Records { get; }

    /// <summary>Another version of a record.</summary>
    protected abstract T Change(T record);

    [Fact]
    public Task Flush_WhatWasWritten_IsVisible() => Contract.CheckFlushAsync();

    [Fact]
    public Task Write_Again_ChangesNothing() => Contract.CheckAgainAsync();

    [Fact]
    public Task Write_SeveralVersions_LastWins() => Contract.CheckLastWinsAsync();

    [Fact]
    public Task Restart_AfterACrash_RecordsAreThereOnce() => Contract.CheckRestartAsync();

    [Fact]
    public Task Write_BehindALaterFence_HasNoEffect() => Contract.CheckFenceAsync();

    [Fact]
    public Task Flush_OfRecordsTakenBeforeALaterFence_HasNoEffect() => Contract.CheckFenceInMidstreamAsync();

    [Fact]
    public Task Fence_RaisedLate_IsRefused() => Contract.CheckLateFenceAsync();

    [Fact]
    public Task Dispose_InMidstream_Completes() => Contract.CheckDisposeAsync();

    Millrace.Testing.Contracts.IdempotentSinkContract<T> Contract => new(CreateAsync, Records, Change);
}
