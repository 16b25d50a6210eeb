using Millrace.Testing.Contracts;

namespace Millrace.Tests.Storage;

/// <summary>What every store promises: the test kit's contract, one test per part. A store is one subclass.</summary>
public abstract class ObjectStoreContractTests : ObjectStoreContract
{
    [Fact]
    public Task Create_Twice_MakesTheObjectOnce() => CheckCreateAsync();

    [Fact]
    public Task Absent_AskedInEveryWay_IsAbsent() => CheckAbsentAsync();

    [Fact]
    public Task Absence_AskedBeforeCreation_IsNotRemembered() => CheckAbsenceIsNotRememberedAsync();

    [Fact]
    public Task Create_BySixteenRacers_HasOneWinner() => CheckRaceAsync();

    [Fact]
    public Task Ranges_ShortAndLong_AreReadExactly() => CheckRangesAsync();

    [Fact]
    public Task Put_OverAnyLength_Replaces() => CheckReplaceAsync();

    [Fact]
    public Task Put_WhileRead_ShowsWholeVersions() => CheckReplaceIsAtomicAsync();

    [Fact]
    public Task Delete_OneOfTwo_LeavesTheOther() => CheckDeleteAsync();

    [Fact]
    public Task Upload_OfAnyLength_IsInvisibleThenWhole() => CheckUploadAsync();

    [Fact]
    public Task Upload_Left_MakesNoObject() => CheckUploadLeftAsync();

    [Fact]
    public Task Upload_OverAnObject_IsRefused() => CheckUploadOverAsync();

    [Fact]
    public Task Bytes_GivenAndTaken_AreNotShared() => CheckOwnershipAsync();

    [Fact]
    public Task Keys_ThatAreNone_AreRefused() => CheckKeysAsync();

    [Fact]
    public Task Cancellation_BeforeACall_PreventsIt() => CheckCancelAsync();

    [Fact]
    public Task List_UnderAPrefix_GivesItsObjects() => CheckListAsync();
}
