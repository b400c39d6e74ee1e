using System.CommandLine;
using Balatrix.Modules.Audit;

namespace Balatrix.Web.Verbs;

/// <summary>balatrix audit verify.</summary>
static class AuditVerb
{
    public static Command Create(Option<string> data, Option<bool> json)
    {
        var verify = new Command("verify", "Prove that no record of the audit log was changed, taken out or put in; exit code 4 when one was.");
        verify.SetAction((parsed, ct) => VerbOutput.RunAsync(() => VerifyAsync(parsed.GetValue(data)!, parsed.GetValue(json), ct)));
        return new Command("audit", "The log of who changed what.") { verify };
    }

    static async Task<int> VerifyAsync(string data, bool json, CancellationToken cancellationToken)
    {
        await using var session = await DataSession.OpenAsync(data, VerbOutput.Say, cancellationToken);
        var proofs = await new AuditVerification(session.Database).VerifyAsync(null, cancellationToken);
        if (json)
            VerbOutput.WriteJson(proofs);
        foreach (var proof in json ? [] : proofs)
            Console.WriteLine(proof.Fault is null ? $"Tenant {proof.TenantId}: {proof.Records} records, the chain holds." : $"Tenant {proof.TenantId}: {proof.Fault}.");
        if (!json && proofs.Count == 0)
            Console.WriteLine("The audit log is empty.");
        return proofs.TrueForAll(p => p.Fault is null) ? VerbOutput.Ok : VerbOutput.NotProven;
    }
}
