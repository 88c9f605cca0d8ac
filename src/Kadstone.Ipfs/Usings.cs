global using Kadstone.Libp2p;
