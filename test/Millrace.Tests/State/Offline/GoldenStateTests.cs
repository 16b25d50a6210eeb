using Millrace.Tests.Hosting;
using static Millrace.Tests.State.Offline.OfflineSamples;

namespace Millrace.Tests.State.Offline;

/// <summary>The savepoint in <c>test/golden/&lt;version&gt;/offline</c>, written once, is read by every later build without the program that wrote it.</summary>
public sealed class GoldenStateTests
{
    [Fact]
    public async Task EveryGoldenSavepoint_IsReadByItsSchemas()
    {
        foreach (string savepoint in await GoldenFiles.FoldersAsync(Millrace.State.Snapshots.FormatVersion.Manifest, "offline", static folder => WriteAsync(folder)))
        {
            HostOutcome verify = await RunAsync("snapshots", "verify", savepoint, "--strangers");
            Assert.True(verify.ExitCode == ExitCodes.Finished, verify.Error);
            Assert.Equal(
                """
                {"key":{"Region":"EU","Id":1},"value":{"Balance":10.50,"Grade":"Bronze","Note":null,"Since":"2024-01-31","Tags":[]}}
                {"key":{"Region":"EU","Id":2},"value":{"Balance":99,"Grade":"Gold","Note":"says \"hello\", twice","Since":"2023-05-01","Tags":["a","b"]}}
                {"key":{"Region":"US","Id":1},"value":{"Balance":-3,"Grade":7,"Note":"","Since":"2020-02-29","Tags":["vip"]}}

                """.ReplaceLineEndings("\n").Split('\n').Order(StringComparer.Ordinal),
                (await QueryAsync(savepoint, "account", "json")).Split('\n').Order(StringComparer.Ordinal));
            Assert.Equal(602, (await QueryAsync(savepoint, "visits", "csv")).TrimEnd().Split('\n').Length);
            Assert.Equal("key,mapKey,value\nbob,cash,20\n", await QueryAsync(savepoint, "limits", "csv", "--key", "bob"));
            Assert.Equal("key,deadline\nann,2030-01-01T00:00:00Z\n", await QueryAsync(savepoint, "expiry", "csv", "--key", "ann"));
            Assert.Equal("key,deadline\nann,2030-01-01T00:00:00Z\nann,2030-02-01T00:00:00Z\n", await QueryAsync(savepoint, "reminders", "csv"));
        }
    }

    static async Task<string> QueryAsync(string savepoint, string state, string format, params string[] more)
    {
        HostOutcome query = await RunAsync(["state", "query", savepoint, "--operator", "accounts", "--state", state, "--format", format, "--limit", "0", .. more]);
        Assert.Equal((ExitCodes.Finished, ""), (query.ExitCode, query.Error));
        return query.Output;
    }
}
