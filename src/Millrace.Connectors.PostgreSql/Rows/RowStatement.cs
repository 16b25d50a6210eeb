using System.Globalization;

namespace Millrace.Connectors.PostgreSql;

/// <summary>The statements that write many rows at once: each column is an array, and the server makes rows of them.</summary>
static class RowStatement
{
    const string Order = "\"millrace order\"";

    public static string Insert(TableShape shape, IReadOnlyList<string> columns) =>
        $"INSERT INTO {shape.Sql} ({Names(columns)}) SELECT * FROM {Rows(shape, columns)}";

    /// <summary>Of several rows with one key the last counts. Rows are written in the order of their keys, so that two writers do not deadlock.</summary>
    public static string Upsert(TableShape shape, IReadOnlyList<string> columns, IReadOnlyList<string> keys, string condition)
    {
        string[] values = [.. columns.Except(keys)];
        string update = values.Length == 0 ? "DO NOTHING" : $"DO UPDATE SET {string.Join(", ", values.Select(static c => $"{Q(c)} = EXCLUDED.{Q(c)}"))}";
        return $"""
                INSERT INTO {shape.Sql} ({Names(columns)})
                SELECT {Names(columns)} FROM (
                    SELECT DISTINCT ON ({Names(keys)}) * FROM {Rows(shape, columns)} WITH ORDINALITY AS r ({Names(columns)}, {Order}) ORDER BY {Names(keys)}, {Order} DESC) AS d
                WHERE {condition}
                ON CONFLICT ({Names(keys)}) {update}
                """;
    }

    static string Rows(TableShape shape, IReadOnlyList<string> columns) =>
        $"unnest({string.Join(", ", columns.Select((name, i) => string.Create(CultureInfo.InvariantCulture, $"${i + 1}::{TypeOf(shape, name)}[]")))})";

    static string TypeOf(TableShape shape, string name) => shape.Columns.First(c => c.Name == name).Type;

    static string Names(IEnumerable<string> columns) => string.Join(", ", columns.Select(Q));

    static string Q(string name) => PostgresTarget.Quote(name);
}
