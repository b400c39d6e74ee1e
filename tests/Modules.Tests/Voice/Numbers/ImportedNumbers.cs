using System.Globalization;
using System.Text;
using System.Text.Json;
using static Balatrix.Modules.Tests.Voice.Numbers.NumberWorld;

namespace Balatrix.Modules.Tests.Voice.Numbers;

/// <summary>Numbers by the file.</summary>
public sealed class ImportedNumbers(NumberWorld world) : IClassFixture<NumberWorld>
{
    [Fact]
    public async Task A_file_of_ten_thousand_numbers_is_imported_whole_or_not_at_all()
    {
        var lines = new StringBuilder("number,type,region,label\n");
        for (var i = 0; i < 10_000; i++)
            lines.Append(CultureInfo.InvariantCulture, $"+9140{20_000_000 + i},,\"Hyderabad, IN\",batch-7\n");
        var known = await world.AddAsync("+914020005000");
        var (status, refused) = await ImportAsync(lines.ToString());
        Assert.Equal((422, "did_import_errors", 1), (status, Text(refused, "code"), refused.GetProperty("errorCount").GetInt32()));
        Assert.Equal((5002, "number"), (refused.GetProperty("errors")[0].GetProperty("line").GetInt32(), Text(refused.GetProperty("errors")[0], "column")));
        Assert.Equal([1], await CountAsync("select count(*) from voice.numbers where number like '914020%'"));

        await world.SendAsync(HttpMethod.Delete, $"/api/v1/dids/{known}");
        var answers = await Task.WhenAll(ImportAsync(lines.ToString()), ImportAsync(lines.ToString()));
        Assert.Equal([200, 422], answers.Select(a => a.Status).Order());
        var done = answers.Single(a => a.Status == 200).Body;
        Assert.Equal((10_000, 10_000), (done.GetProperty("imported").GetInt32(), done.GetProperty("byType").GetProperty("local").GetInt32()));
        Assert.Equal(10_000, answers.Single(a => a.Status == 422).Body.GetProperty("errorCount").GetInt32());
        Assert.Equal([10_000], await CountAsync("select count(*) from voice.numbers where number like '914020%' and status = 1 and region = 'Hyderabad, IN'"));
        Assert.Equal([1], await CountAsync("select count(*) from audit.records where action = 'did.imported' and entity_id = '10000'"));
    }

    [Theory]
    [InlineData("", "did_import_errors")]
    [InlineData("number\n", "did_import_size")]
    [InlineData("number\n12\n", "did_import_errors")]
    [InlineData("number,colour\n+912269000001,red\n", "did_import_errors")]
    public async Task A_bad_file_is_refused(string file, string code) => Assert.Equal((422, code), Refusal(await ImportAsync(file)));

    [Fact]
    public async Task A_file_that_is_not_UTF_8_is_refused() =>
        Assert.Equal((422, "did_import_encoding"), Refusal(await world.SendAsync(HttpMethod.Post, "/api/v1/dids/import", new byte[] { 0x6E, 0xFF, 0xFE, 0x0A }, "text/csv")));

    Task<(int Status, JsonElement Body)> ImportAsync(string file) => world.SendAsync(HttpMethod.Post, "/api/v1/dids/import", file, "text/csv");

    Task<List<long>> CountAsync(string sql) => world.RowsAsync(sql, r => r.GetInt64(0));
}
