using System.Text.RegularExpressions;
using Millrace.Runtime;
using Millrace.Runtime.Durable;
using Millrace.Runtime.Planning;
using Millrace.Tests.Runtime.Durable;

namespace Millrace.Tests.Runtime.Planning;

/// <summary>Texts of locks that were cut, edited or merged by hand: what is wrong is said with its line, and nothing else happens.</summary>
public sealed partial class SchemaLockReaderTests
{
    static readonly IReadOnlyList<ProgramOperator> s_program = ProgramSchema.Of(EvolvingJob.FlowBefore(new(1, -1), new()).Build(), new EmbeddedOptions { Parallelism = 1 });
    static readonly SchemaLock s_lock = SchemaLock.Of("evolving", s_program);
    static readonly string[] s_lines = s_lock.Text.TrimEnd('\n').Split('\n');

    [GeneratedRegex("^line [0-9]+: .")]
    private static partial Regex Place { get; }

    [Fact]
    public void Read_OfItsText_IsTheSame()
    {
        Assert.Equal(s_lock.Text, SchemaLock.Read(s_lock.Text).Text);
        Assert.Contains(s_lock.Operators, static op => op.Prepared is not null);
        Assert.True(s_lines.Length > 50);
    }

    [Theory]
    [InlineData("\"format\": 1,", "\"format\": 1.5,", "'format' is no version")]
    [InlineData("\"format\": 1,", "\"format\": 0,", "'format' is no version")]
    [InlineData("\"format\": 1,", "\"format\": 2,", "its format 2 is newer than this program knows, which is 1")]
    [InlineData("\"format\": 1,", "\"format\": 1, \"format\": 1,", "'format' is there twice")]
    [InlineData("\"job\": \"evolving\",", "\"job\": 7,", "'job' is no text")]
    [InlineData("\"job\": \"evolving\",", "\"job\": \"\\ud800\",", "it is not JSON: ")]
    [InlineData("\"job\": \"evolving\",", "<<<<<<< main", "it is not JSON: '<' is an invalid start of a property name")]
    [InlineData("\"id\": \"out\",", "\"id\": \"lists\",", "'lists' is there twice in 'operators'", -1)]
    [InlineData("\"id\": \"out\",", "\"ident\": \"out\",", "it has no 'id'", -1)]
    [InlineData("\"verb\": \"Sink\",", "\"verb\": null,", "it has no 'verb'", -2)]
    [InlineData("\"states\": [],", "\"states\": {},", "'states' is not a list", -3)]
    [InlineData("\"states\": [],", "\"states\": [5],", "an entry of 'states' is no object")]
    [InlineData("\"states\": [],", "\"states\": [null],", "an entry of 'states' is no object")]
    [InlineData("\"states\": [],", "\"states\": [{ \"name\": \"a\", \"layout\": \"flat\", \"kind\": \"value\" }],", "'flat' is no layout of state")]
    [InlineData("\"states\": [],", "\"states\": [{ \"name\": \"a\", \"layout\": \"keyed\", \"kind\": \"value\" }],", "a state has no 'value'")]
    [InlineData("\"prepared\": {", "\"prepared\": { \"root\": { \"sometimes\": \"string\" }, \"definitions\": [] }, \"more\": {", "A schema is not readable: 'sometimes' is not a kind of type")]
    public void Read_OfALineThatWasChanged_NamesIt(string was, string now, string expected, int above = 0)
    {
        int line = Array.FindIndex(s_lines, l => l.Contains(was, StringComparison.Ordinal));
        Assert.True(line >= 0, was);
        string text = string.Join('\n', s_lines.Select((l, i) => i == line ? l.Replace(was, now, StringComparison.Ordinal) : l));
        Assert.StartsWith($"line {line + 1 + above}: {expected}", Assert.Throws<FormatException>(() => SchemaLock.Read(text)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "line 1: it is not JSON: ")]
    [InlineData("null", "line 1: it is null")]
    [InlineData("[]", "line 1: it is no object")]
    [InlineData("{}", "line 1: it has no 'format'")]
    [InlineData("\n\n{\"format\":1}", "line 3: it has no 'job'")]
    [InlineData("{\n\"format\":1,\"job\":\"a\"}", "line 1: it has no 'operators'")]
    public void Read_OfAnotherText_SaysWhatItIsNot(string text, string expected) =>
        Assert.StartsWith(expected, Assert.Throws<FormatException>(() => SchemaLock.Read(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_OfATextThatWasCut_NamesALine()
    {
        string text = s_lock.Text.TrimEnd('\n');
        for (int length = 0; length < text.Length; length += 37)
            Assert.Matches(Place, Assert.Throws<FormatException>(() => SchemaLock.Read(text[..length])).Message);
    }

    /// <summary>Every line left out, doubled, or swapped with the next, and characters changed as a seed says: a lock that can be compared, or the line of what is wrong.</summary>
    [Fact]
    public void Read_OfLinesThatWereChanged_IsALockOrNamesALine()
    {
        int refused = 0, read = 0;
        for (int i = 0; i < s_lines.Length; i++)
        {
            Try([.. s_lines[..i], .. s_lines[(i + 1)..]]);
            Try([.. s_lines[..i], s_lines[i], .. s_lines[i..]]);
            if (i + 1 < s_lines.Length) Try([.. s_lines[..i], s_lines[i + 1], s_lines[i], .. s_lines[(i + 2)..]]);
        }

        Random random = new(20_261_123);
        const string characters = "{}[]\",:\\ 0a\nε\ud800";
        for (int i = 0; i < 1_000; i++)
        {
            char[] text = s_lock.Text.ToCharArray();
            for (int changes = random.Next(1, 4); changes > 0; changes--) text[random.Next(text.Length)] = characters[random.Next(characters.Length)];
            Try([new string(text)]);
        }

        Assert.True(refused > 500 && read > 100, $"{refused} were refused and {read} were read");

        void Try(string[] lines)
        {
            try
            {
                SchemaLock changed = SchemaLock.Read(string.Join('\n', lines));
                // Whatever it says is compared: never an error of another kind.
                SchemaLockCheck.Of(changed, s_lock, s_program);
                Assert.Equal(changed.Text, SchemaLock.Read(changed.Text).Text);
                read++;
            }
            catch (FormatException wrong)
            {
                Assert.Matches(Place, wrong.Message);
                refused++;
            }
        }
    }
}
