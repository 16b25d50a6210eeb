namespace Millrace.Tests.Connectors.Files;

/// <summary>Runs alone, because it looks at what the whole process allocates.</summary>
[CollectionDefinition("Long lines", DisableParallelization = true)]
public sealed class LongLines;

[Collection("Long lines")]
public sealed class LongLineTests : IDisposable
{
    const int LineBytes = 100 << 20;

    static readonly SideOutput<MalformedRow> Bad = new("malformed");
    readonly TempFolder _folder = new();
    readonly string _path;

    public LongLineTests()
    {
        _path = _folder["long.txt"];
        byte[] x = new byte[1 << 20];
        Array.Fill(x, (byte)'x');
        using FileStream file = File.Create(_path);
        file.Write("short\n"u8);
        for (int i = 0; i < LineBytes / x.Length; i++) file.Write(x);
        file.Write("\nafter\n"u8);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Read_LongLine_IsRefusedWithinTheLimit()
    {
        long before = GC.GetTotalAllocatedBytes(precise: true);
        MalformedRowException e = await Assert.ThrowsAsync<MalformedRowException>(() => FileSource.Lines(_path).ReadAllAsync());
        Assert.Contains(_path + ", line 2 (byte 6)", e.Message);
        Assert.Contains(".WithLineLimit(bytes)", e.Message);
        // The array doubles on its way to 16 MiB, and the blocks ahead are 4 MiB.
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 80L << 20);
    }

    [Fact]
    public async Task Read_LongLineDiverted_GoesOnBehindIt()
    {
        Sides<string> sides = new(Bad);
        List<string> read = await FileSource.Lines(_path).DivertMalformed(Bad).ReadAllAsync(7, sides: sides);
        Assert.Equal(["short", "after"], read);
        Assert.Equal(2, Assert.Single(sides.Rows).Line);
    }

    [Fact]
    public async Task Read_LongLineWithinAHigherLimit_IsARecord() =>
        Assert.Equal(LineBytes, (await FileSource.Lines(_path).WithLineLimit(LineBytes).ReadAllAsync())[1].Length);
}
