using System.Globalization;
using Millrace.Hosting;

namespace Millrace.Tests.Hosting;

public sealed class ErrorLinesTests
{
    const string Wipe = "\r\u001b[2K";

    readonly StringWriter _screen = new(CultureInfo.InvariantCulture);

    [Fact]
    public void Draw_Twice_DrawsOverTheFirst()
    {
        ErrorLines lines = Create(80);

        lines.Draw("one");
        lines.Draw("two");
        lines.Clear();

        Assert.Equal($"{Wipe}one{Wipe}two{Wipe}", _screen.ToString());
    }

    [Fact]
    public void Draw_ALineTooLong_CutsItBeforeItWraps()
    {
        Create(12).Draw("0123456789abcdef");

        Assert.Equal($"{Wipe}0123456789a", _screen.ToString());
    }

    [Fact]
    public void Print_WithALineDrawn_WipesItFirst()
    {
        ErrorLines lines = Create(80);

        lines.Draw("progress");
        lines.Print("warning\n");
        lines.Print("another\n");

        Assert.Equal($"{Wipe}progress{Wipe}warning\nanother\n", _screen.ToString());
    }

    /// <summary>The standard output on the same terminal: progress gives way, and waits for the end of the line.</summary>
    [Fact]
    public void ConsoleSideWriter_WithALineDrawn_NeverMixesWithIt()
    {
        ErrorLines lines = Create(80);
        using ConsoleSideWriter output = new(_screen, lines);

        lines.Draw("progress");
        output.Write("half a ");
        lines.Draw("progress");
        output.Write("line\n".AsSpan());
        lines.Draw("progress");

        Assert.Equal($"{Wipe}progress{Wipe}half a line\n{Wipe}progress", _screen.ToString());
    }

    ErrorLines Create(int width) => new(_screen, isTerminal: true, () => width);
}
