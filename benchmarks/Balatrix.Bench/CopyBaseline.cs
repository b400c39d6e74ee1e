using System.Diagnostics;
using Balatrix.Modules.Ledger;
using Npgsql;

namespace Balatrix.Bench;

/// <summary>Rows a second of a bare binary COPY of the newest usage rows into a table with the same columns and indexes.</summary>
static class CopyBaseline
{
    public static async Task<double> RunAsync(BenchWorld world, int rows, int batch)
    {
        var month = UsageMonth.Partition(UsageMonth.Of(DateTimeOffset.UtcNow.AddHours(-1)));
        await world.ExecuteAsync($"drop table if exists usage.copy_baseline; create table usage.copy_baseline (like usage.{month} including all)");
        await using var connection = await world.Database.Owner.OpenConnectionAsync();
        var chunks = await ReadAsync(connection, month, rows, batch);
        await world.ExecuteAsync("checkpoint");
        var clock = Stopwatch.StartNew();
        foreach (var chunk in chunks)
        {
            await using var copy = await connection.BeginRawBinaryCopyAsync("copy usage.copy_baseline from stdin (format binary)");
            await copy.WriteAsync(chunk);
            await copy.FlushAsync();
        }
        var rate = chunks.Count * batch / clock.Elapsed.TotalSeconds;
        await world.ExecuteAsync("drop table usage.copy_baseline");
        return rate;
    }

    static async Task<List<byte[]>> ReadAsync(NpgsqlConnection connection, string month, int rows, int batch)
    {
        await using (var command = new NpgsqlCommand($"create temp table newest as select *, row_number() over () as n from (select * from usage.{month} order by ctid desc limit {rows}) r", connection) { CommandTimeout = 0 })
            await command.ExecuteNonQueryAsync();
        var columns = "";
        await using (var command = new NpgsqlCommand("select string_agg(attname, ',' order by attnum) from pg_attribute where attrelid = 'newest'::regclass and attnum > 0 and attname <> 'n'", connection))
            columns = (string)(await command.ExecuteScalarAsync())!;
        var chunks = new List<byte[]>();
        for (var from = 0; from + batch <= rows; from += batch)
        {
            await using var copy = await connection.BeginRawBinaryCopyAsync($"copy (select {columns} from newest where n > {from} and n <= {from + batch}) to stdout (format binary)");
            using var bytes = new MemoryStream();
            await copy.CopyToAsync(bytes);
            chunks.Add(bytes.ToArray());
        }
        await using (var command = new NpgsqlCommand("drop table newest", connection))
            await command.ExecuteNonQueryAsync();
        return chunks;
    }
}
