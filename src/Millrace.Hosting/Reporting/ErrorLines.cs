namespace Millrace.Hosting;

/// <summary>
/// The standard error, with one line at its end that can be drawn over on a terminal. What is printed, also to the standard output through
/// <see cref="ConsoleSideWriter"/>, first wipes the drawn line. Thread-safe.
/// </summary>
/// <param name="error">Where to write.</param>
/// <param name="isTerminal">Whether lines can be drawn over.</param>
/// <param name="width">How many characters fit a line.</param>
internal sealed class ErrorLines(TextWriter error, bool isTerminal, Func<int> width)
{
    // Back to the start of the line, and erase it.
    const string Wipe = "\r\u001b[2K";

    readonly Lock _lock = new();   // guards the terminal and the two fields below
    bool _isDrawn;
    bool _isMidLine;

    /// <summary>Whether lines can be drawn over.</summary>
    public bool IsTerminal => isTerminal;

    /// <summary>Prints text that ends its line.</summary>
    public void Print(string text)
    {
        lock (_lock)
        {
            WipeDrawn();
            error.Write(text);
            error.Flush();
        }
    }

    /// <summary>Draws a line in place of the one drawn before. Does nothing while the standard output is in mid-line.</summary>
    public void Draw(string line)
    {
        lock (_lock)
        {
            if (_isMidLine) return;
            int room = Math.Max(10, width()) - 1;
            error.Write(Wipe);
            error.Write(line.Length <= room ? line : line[..room]);
            error.Flush();
            _isDrawn = true;
        }
    }

    /// <summary>Wipes what is drawn.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            WipeDrawn();
            error.Flush();
        }
    }

    /// <summary>Writes to the standard output, on the same terminal.</summary>
    public void WriteBeside(TextWriter output, ReadOnlySpan<char> text)
    {
        if (text.IsEmpty) return;
        lock (_lock)
        {
            WipeDrawn();
            error.Flush();
            output.Write(text);
            output.Flush();
            _isMidLine = text[^1] != '\n';
        }
    }

    void WipeDrawn()
    {
        if (!_isDrawn) return;
        error.Write(Wipe);
        _isDrawn = false;
    }
}
