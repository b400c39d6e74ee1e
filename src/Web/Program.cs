Console.WriteLine("balatrix");
