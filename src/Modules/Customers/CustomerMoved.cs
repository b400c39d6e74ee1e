using Balatrix.Modules.Audit;
using Npgsql;

namespace Balatrix.Modules.Customers;

/// <summary>What follows elsewhere, in the same transaction, when a customer is suspended, activated or closed; it may refuse by a ProblemException. It is called before the customer's accounts are locked.</summary>
/// <param name="connection">In a transaction of the tenant; the customer is locked.</param>
/// <param name="tenantId">The tenant.</param>
/// <param name="customerId">The customer.</param>
/// <param name="status">The status that it moves to.</param>
/// <param name="actor">Who moves it.</param>
/// <param name="now">The tenant's time.</param>
/// <param name="cancellationToken">Stops.</param>
public delegate Task CustomerMoved(NpgsqlConnection connection, int tenantId, long customerId, string status, Actor actor, DateTimeOffset now, CancellationToken cancellationToken);
