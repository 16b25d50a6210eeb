using System.Globalization;
using System.Text.Json;
using Millrace.CrashTest;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>The input of the program that is killed, its answer, and what it wrote.</summary>
sealed class CrashInput : IDisposable
{
    const int Files = 4, ShopsPerFile = 5;

    readonly List<Sale>[] _files;

    public CrashInput(int seed, int rowsPerFile)
    {
        Directory.CreateDirectory(Path.Combine(Root, "input"));
        Random chance = new(seed);
        _files = [.. Enumerable.Range(0, Files).Select(file => File(chance, file, rowsPerFile))];
        for (int file = 0; file < Files; file++)
        {
            System.IO.File.WriteAllLines(
                Path.Combine(Root, "input", $"sales-{file}.csv"),
                [.. _files[file].Select(static s => string.Create(CultureInfo.InvariantCulture, $"{s.Id},{s.Shop},{s.Minute},{s.Amount}")).Prepend("Id,Shop,Minute,Amount")]);
        }
    }

    public string Root { get; } = Directory.CreateTempSubdirectory("millrace-crash-").FullName;

    public string Output => Path.Combine(Root, "output");

    /// <summary>Compares what was written with a loop over the input.</summary>
    public void AssertExact(string context)
    {
        TrialAssert.Same(Sorted(Running()), ReadCsv("running"), $"{context}: running");
        TrialAssert.Same(Sorted(Hours().Select(static h => Line(h))), ReadCsv("hours.csv"), $"{context}: hours");
        TrialAssert.Same(Sorted(Quiet()), Sorted(Lines("quiet").Select(static line => QuietOf(line))), $"{context}: quiet");
    }

    public IEnumerable<ShopHour> Hours() =>
        from sale in _files.SelectMany(static f => f)
        group sale by (sale.Shop, Hour: sale.Minute / 60) into hour
        select new ShopHour(hour.Key.Shop, hour.Key.Hour, hour.Count(), hour.Sum(static s => s.Amount));

    public static string Line(ShopHour h) => string.Create(CultureInfo.InvariantCulture, $"{h.Shop},{h.Hour},{h.Sales},{h.Amount}");

    public List<string> Totals() => Sorted(_files.SelectMany(static f => f).GroupBy(static s => s.Shop).Select(static g => string.Create(CultureInfo.InvariantCulture, $"{g.Key},{g.Sum(static s => s.Amount)}")));

    public static List<string> Sorted(IEnumerable<string> lines) => [.. lines.Order(StringComparer.Ordinal)];

    public void Dispose() => Directory.Delete(Root, recursive: true);

    IEnumerable<string> Running()
    {
        foreach (List<Sale> file in _files)
        {
            Dictionary<int, long> sums = [];
            foreach (Sale s in file) yield return string.Create(CultureInfo.InvariantCulture, $"{s.Shop},{s.Id},{sums[s.Shop] = sums.GetValueOrDefault(s.Shop) + s.Amount}");
        }
    }

    IEnumerable<string> Quiet()
    {
        foreach (List<Sale> file in _files)
        {
            foreach (IGrouping<int, Sale> shop in file.GroupBy(static s => s.Shop))
            {
                int last = shop.First().Minute;
                foreach (Sale s in shop)
                {
                    if (s.Minute > last + CrashJob.QuietMinutes) yield return $"{shop.Key} {last}";
                    last = s.Minute;
                }

                yield return $"{shop.Key} {last}";
            }
        }
    }

    static List<Sale> File(Random chance, int file, int rows)
    {
        List<Sale> sales = [];
        int minute = 0;
        for (int id = 1; id <= rows; id++)
        {
            minute += chance.Next(40) == 0 ? chance.Next(300) : chance.Next(3);
            sales.Add(new(id, (file * ShopsPerFile) + chance.Next(ShopsPerFile), minute, chance.Next(1_000)));
        }

        return sales;
    }

    List<string> ReadCsv(string name) => Sorted(Lines(name).Where(static line => !char.IsAsciiLetter(line[0])));

    static string QuietOf(string json)
    {
        Quiet quiet = JsonSerializer.Deserialize<Quiet>(json, JsonSerializerOptions.Web)!;
        return $"{quiet.Shop} {quiet.SinceMinute}";
    }

    IEnumerable<string> Lines(string name)
    {
        string path = Path.Combine(Output, name);
        // A file that is missing is output that is missing, which is told with all that was done to the job.
        string[] files = Directory.Exists(path) ? [.. Directory.GetFiles(path).Where(static f => !Path.GetFileName(f).StartsWith('.'))]
            : System.IO.File.Exists(path) ? [path] : [];
        return files.SelectMany(System.IO.File.ReadAllLines);
    }
}
