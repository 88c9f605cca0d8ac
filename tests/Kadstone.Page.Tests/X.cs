namespace Kadstone.Page.Tests;
public sealed class X { [Fact] public async Task A() { using var p = await Microsoft.Playwright.Playwright.CreateAsync(); await using var b = await p.Chromium.LaunchAsync(new() { ExecutablePath = "/usr/bin/chromium", Args = ["--no-sandbox"] }); b.Version.ShouldNotBeEmpty(); } }
