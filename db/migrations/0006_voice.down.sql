drop schema voice cascade;
